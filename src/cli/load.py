"""Cases of spondyl in Python. load("case.json") gives lesions (one dict each, with a boolean mask as a numpy array, columns
first) and vertebrae; affine(image) takes voxels (column, row, slice) to patient millimetres, LPS. Needs numpy only."""
import json
import numpy as np

def affine(image):
    grid = image["grid"]
    steps = np.array(grid["direction"], float).T * grid["spacing_mm"]
    return np.vstack([np.column_stack([steps, grid["origin_mm"]]), [0, 0, 0, 1]])

def mask(geometry, image):
    whole = np.zeros(image["grid"]["size"], bool)
    box = geometry["mask"]
    if box is not None:
        flat = np.zeros(np.prod(box["size_ijk"]), bool)
        runs = np.repeat(np.arange(len(box["runs"])) % 2 == 1, box["runs"])
        flat[: len(runs)] = runs
        low, size = box["origin_ijk"], box["size_ijk"]
        whole[tuple(slice(a, a + n) for a, n in zip(low, size))] = flat.reshape(size, order="F")
    return whole

def load(path):
    with open(path, encoding="utf-8") as f:
        case = json.load(f)
    images = {image["id"]: image for image in case["images"]}
    vertebrae = [v for s in case["annotation_sets"] for v in s["vertebrae"]]
    lesions = [{**lesion, "level": v["level"], "image": images.get(lesion["geometry"]["image"])} for v in vertebrae for lesion in v["lesions"]]
    for lesion in lesions:
        lesion["mask"] = mask(lesion["geometry"], lesion["image"]) if lesion["image"] else None
    return {"images": images, "vertebrae": vertebrae, "lesions": lesions, "case": case}
