"""Segmentations and reports as dcmqi reads them: the library by which 3D Slicer (Quantitative Reporting) opens them."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pydicom
import SimpleITK as sitk


def tool(name, *args):
    """One of the programs that dcmqi's package puts beside this interpreter."""
    path = pathlib.Path(sys.executable).parent / name
    done = subprocess.run([path, *map(str, args)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{name}: {(done.stdout + done.stderr)[-300:]}")


def segments(file, folder):
    """Each segment of a file: its attributes, and the points (LPS, mm) of its voxels."""
    folder.mkdir(exist_ok=True)
    prefix = file.name.replace(".", "-")
    tool("segimage2itkimage", "--inputDICOM", file, "--outputDirectory", folder, "-p", prefix, "--outputType", "nrrd")
    attributes = json.loads((folder / f"{prefix}-meta.json").read_text())["segmentAttributes"]
    found = []
    for n, group in enumerate(attributes, 1):
        image = sitk.ReadImage(str(folder / f"{prefix}-{n}.nrrd"))
        values = sitk.GetArrayFromImage(image)
        for segment in group:
            ijk = np.argwhere(values == segment["labelID"])[:, ::-1]
            direction = np.array(image.GetDirection()).reshape(3, 3)
            steps = direction * np.array(image.GetSpacing())
            found.append((segment, np.array(image.GetOrigin()) + ijk @ steps.T))
    return found


def voxels(points, grid, size):
    """Points as a mask (slices, rows, columns) of a series' grid, and how far they lie from its voxels' centres, in voxels."""
    origin, *steps = grid
    ijk = np.linalg.solve(np.stack(steps, axis=1), (points - origin).T).T
    whole = np.rint(ijk).astype(int)
    mask = np.zeros(size[::-1], bool)
    mask[whole[:, 2], whole[:, 1], whole[:, 0]] = True
    return mask, np.abs(ijk - whole).max(initial=0)


def report(file, folder):
    """Measurements by tracking identifier: concept and derivation to value."""
    folder.mkdir(exist_ok=True)
    out = folder / "report.json"
    tool("tid1500reader", "--inputDICOM", file, "--outputMetadata", out)
    groups = {}
    for group in json.loads(out.read_text())["Measurements"]:
        figures = {}
        for item in group["measurementItems"]:
            derived = item.get("derivationModifier", {}).get("CodeValue")
            figures[item["quantity"]["CodeValue"], derived] = (float(item["value"]), item["units"]["CodeValue"])
        groups.setdefault(group["TrackingIdentifier"], []).append((group, figures))
    return groups


# Concept and derivation (DICOM PS3.16 TID 1419) of each figure of a lesion in the case JSON.
FIGURES = {
    "volume_mm3": ("118565006", None), "long_axis_mm": ("103339001", None), "short_axis_mm": ("103340004", None),
    "mean": ("112031", "373098007"), "sd": ("112031", "386136009"), "min": ("112031", "255605001"),
    "max": ("112031", "56851009"), "p5": ("112031", "371888009"), "p50": ("112031", "373099004"),
    "p95": ("112031", "371889001"),
}


def check_dcmqi(check, what, case, size):
    """Names, codes, voxels and figures of lesions and bodies are those of the case JSON. An image of ITK has right angles
    only: of a sheared series dcmqi puts every slice aside of its place, so there no more than the count can be right."""
    folder = case.folder / "dcmqi"
    grids = {series: grid for series, grid, _ in case.series}

    def right_angles(grid):
        _, a, b, c = grid
        return max(abs(a @ b), abs(b @ c), abs(c @ a)) < 1e-6

    def same(points, mask, grid):
        found, off = voxels(points, grid, size)
        return len(points) == mask.sum() and (not right_angles(grid) or (np.array_equal(found, mask) and off < 1e-3))

    for file in case.files(".seg.dcm"):
        series = str(pydicom.dcmread(file, stop_before_pixels=True).ReferencedSeriesSequence[0].SeriesInstanceUID)
        read = segments(file, folder)
        if file.name.startswith("bodies"):
            vertebrae = {v["level"]: v for v in case.json["annotation_sets"][0]["vertebrae"] if v.get("body")}
            for segment, points in read:
                level = segment["SegmentLabel"].split()[0]
                mask = case.whole(vertebrae[level]["body"]["mask"])
                check(f"{what}: dcmqi reads the body of {level}", same(points, mask, grids[series]))
            check(f"{what}: dcmqi reads a segment a body", len(read) == len(vertebrae))
            continue
        masks = case.masks(series)
        check(f"{what}: dcmqi reads a segment a lesion in {file.name}", len(read) == len(masks))
        for segment, points in read:
            lesion = next(l for l in case.lesions if l["id"] == segment["TrackingIdentifier"])
            check(f"{what}: dcmqi reads the voxels of {lesion['label']!r}", same(points, masks[lesion["id"]], grids[series]))
            vertebra = next(v for v in case.json["annotation_sets"][0]["vertebrae"] if v["level"] == lesion["vertebra"])
            names = (segment["SegmentLabel"], segment["AnatomicRegionSequence"]["CodeValue"], segment["TrackingUniqueIdentifier"])
            check(f"{what}: dcmqi reads name and level of {lesion['label']!r}",
                  names == (lesion["label"], vertebra["code"]["value"], lesion["tracking_uid"]), names)
    groups = report(case.out / "report.sr.dcm", folder)
    for lesion in case.lesions:
        on_images = [lesion["measurements"], *(o["measurements"] for o in lesion["on_other_images"])]
        read = [{name: figures.get(key, (None,))[0] for name, key in FIGURES.items()} for _, figures in groups[lesion["id"]]]
        for figures in on_images:
            expected = {name: figures[name] for name in FIGURES}
            check(f"{what}: dcmqi reads the figures of {lesion['label']!r}", expected in read, read)
