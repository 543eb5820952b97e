#!/usr/bin/env python3
"""Virtual lytic lesions at random in CTs of the spine, to train grow's network on.

    lesions.py SCAN.json… --generator DIR -o OUT [--keep-out CASE_DIR…]

DIR holds make_virtual_lesions.py, whose lesions these are. A SCAN.json is a recipe of it without lesions (bodies,
body_semi_mm, bone_threshold_hu, psf_sigma_mm, slice_mm, marrow_gain as [least, most]; crop_mm where needed) that also names
its images, how many cases to make, and, where the scan is to be resampled first, spacing_mm and the noise to add, noise_hu;
for sharp lesions in a scan without its own noise also denoise_mm and margin_mm, both as [least, most].
Lesions of the cases in --keep-out, and 1.5 mm about them, stay free: what is judged is never trained on.
Needs numpy, scipy, pydicom and nibabel. Each case is a folder that `cargo bench --bench grow -- --rows FILE` reads.
"""
import argparse
import json
import sys
from pathlib import Path

import numpy as np
from scipy import ndimage as ndi

PER_CASE, TRIES = 12, 90
KINDS, SHARES = ["contained", "cortex", "breach", "destroyed"], [0.36, 0.38, 0.2, 0.06]
WALLS = [[0, 1, 0], [-6, 0, 0], [6, 0, 0], [-4, -9, 3], [0, -1, 0], [4, -9, -3], [0, -9, 5], [3, 8, 0], [-3, 8, 2]]


def respaced(make, scan, recipe, random):
    """The scan on another grid, a little blurred where that is coarser, with in-plane noise."""
    spacing, noise_hu = recipe.get("spacing_mm"), recipe.get("noise_hu", 0.0)
    if "denoise_mm" in recipe:
        scan.hu = ndi.gaussian_filter(scan.hu, random.uniform(*recipe["denoise_mm"]) / scan.spacing[::-1])
    if spacing is None:
        return scan
    finer = scan.spacing / np.array(spacing)
    hu = ndi.gaussian_filter(scan.hu, [0.4 * max(1 / finer[2 - a] - 1, 0) for a in range(3)])
    size = [int((hu.shape[a] - 1) * finer[2 - a]) + 1 for a in range(3)]
    places = np.meshgrid(*(np.arange(size[a]) / finer[2 - a] for a in range(3)), indexing="ij")
    hu = ndi.map_coordinates(hu, places, order=3, mode="nearest").astype(np.float32)
    noise = ndi.gaussian_filter(random.standard_normal(hu.shape), (0, 0.7, 0.7))
    return make.Scan(hu + np.float32(noise_hu / noise.std()) * noise.astype(np.float32), scan.origin, spacing,
                     [make.bare_header() for _ in range(size[0])])


def any_lesion(bodies, coarse, random):
    """A recipe's entry: kind, place and size at random."""
    u = lambda low, high: float(random.uniform(low, high))
    kind = str(random.choice(KINDS, p=SHARES))
    entry = {"level": str(random.choice(list(bodies))), "part": "body", "kind": kind}
    if kind == "destroyed":
        size = u(0.8, 1.1)
        entry |= {"offset_mm": [u(-1, 1) for _ in range(3)], "axes_mm": [size * u(42, 52), size * u(42, 46), size * u(27, 33)],
                  "roughness": u(0.08, 0.2), "turn": False, "margin_mm": u(0.7, 1.2), "left_bone": u(0.06, 0.14),
                  "breach_toward": WALLS[random.integers(len(WALLS))], "breach_width_mm": u(5, 8), "bulge_mm": u(3, 6)}
    elif kind == "breach":
        entry |= {"offset_mm": [u(-12, 12), u(-8, 9), u(-6, 6)], "breach_toward": WALLS[random.integers(len(WALLS))],
                  "breach_width_mm": u(3.5, 7), "bulge_mm": u(2.5, 6), "size_mm": u(11, 22)}
    elif kind == "cortex" and random.random() < 0.5:
        side = float(random.choice([-1, 1]))
        entry |= [{"part": "pedicle", "offset_mm": [side * u(10, 18), u(16, 30), u(-6, 8)], "snap_mm": u(6, 9)},
                  {"part": "spinous process", "offset_mm": [u(-3, 3), u(35, 48), u(-20, -8)], "snap_mm": u(7, 11)},
                  {"part": "articular mass", "offset_mm": [side * u(13, 20), u(24, 34), u(-12, 6)], "snap_mm": u(7, 9)},
                  ][random.integers(3)]
        entry["size_mm"] = u(8, 14) + coarse
    else:
        size = u(6.5, 16) if kind == "contained" else u(9, 23)
        entry |= {"offset_mm": [u(-13, 13), u(-9, 10), u(-9, 9)], "size_mm": max(size, 10.5) if coarse else size}
    if random.random() < 0.06:
        entry["rim_hu"] = u(40, 150)
    if random.random() < 0.2:
        entry["uneven_hu"] = u(4, 20)
    if kind != "destroyed" and random.random() < 0.2:
        entry |= {"left_bone": u(0, 0.15), "roughness": u(0.1, 0.35)}
    return entry


def is_clear(box, taken):
    low, high = np.array(box[0]) - 1.5, np.array(box[1]) + 1.5
    return not any((low < np.array(t[1])).all() and (high > np.array(t[0])).all() for t in taken)


def is_seen(fact):
    """Lesions that nobody could see, or of a few voxels, teach nothing."""
    least = 70 if fact["kind"] in ("contained", "cortex") else 50
    return fact["mean_hu_before"] - fact["mean_hu"] >= least and fact["voxels"] >= 14


def fill(make, scan, clean, depth, noise, recipe, taken, seed):
    """Puts lesions into the scan; what each is, and the mask."""
    truth, facts = np.zeros(scan.hu.shape, np.uint16), []
    psf = (recipe["psf_sigma_mm"],) * 2 + (0.0,)
    for n in range(TRIES):
        random = np.random.default_rng([seed, n])
        entry = any_lesion(recipe["bodies"], bool(min(scan.spacing) > 2), random)
        if "margin_mm" in recipe:
            entry["margin_mm"] = float(random.uniform(*recipe["margin_mm"]))
        before, label = (scan.hu.copy(), truth.copy()), len(facts) + 1
        try:
            lesion = make.lesion_from_recipe(entry, recipe["bodies"], random)
            made = make.insert(scan, depth, noise, truth, lesion, label, psf, recipe["slice_mm"], random)
            fact = make.describe(scan, truth, label, str(label), lesion, made, clean)
        except (SystemExit, ValueError, IndexError):  # nothing left of it, or outside the scan
            scan.hu[:], truth[:] = before
            continue
        if not is_clear(fact["bbox_mm"], taken) or not is_seen(fact):
            scan.hu[:], truth[:] = before
            continue
        taken.append(fact["bbox_mm"])
        facts.append(fact)
        if len(facts) == PER_CASE:
            break
    return facts, truth


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scans", nargs="+", type=Path)
    parser.add_argument("--generator", required=True, type=Path)
    parser.add_argument("--keep-out", nargs="*", type=Path, default=[])
    parser.add_argument("-o", "--out", required=True, type=Path)
    options = parser.parse_args()
    sys.path.insert(0, str(options.generator))
    import make_virtual_lesions as make
    judged = {}
    for case in options.keep_out:
        facts = json.loads((case / "truth.json").read_text())
        judged.setdefault(facts["source"], []).extend(lesion["bbox_mm"] for lesion in facts["lesions"])
    for number, path in enumerate(options.scans):
        recipe = json.loads(path.read_text())
        whole = make.read_scan(Path(recipe["images"]))
        whole = whole.crop(*recipe["crop_mm"]) if "crop_mm" in recipe else whole
        for n in range(recipe["cases"]):
            random = np.random.default_rng([number, n, 77])
            scan = make.Scan(whole.hu.copy(), whole.origin, whole.spacing, whole.headers)
            scan = respaced(make, scan, recipe, random)
            depth, bone = make.bone_depth(scan, recipe)
            make.denser_marrow(scan, depth, random.uniform(*recipe["marrow_gain"]))
            noise, _, _ = make.matched_noise(scan, bone, random)
            taken = list(judged.get(recipe.get("source"), []))
            facts, truth = fill(make, scan, scan.hu.copy(), depth, noise, recipe, taken, 1000 * number + n)
            out = options.out / f"{path.stem}-{n}"
            out.mkdir(parents=True, exist_ok=True)
            scan.hu = np.round(scan.hu)
            make.write_series(out / "dicom-axial", scan, recipe | {"case": out.name}, "axial", "raw")
            make.write_mask(out / "truth-axial.nii.gz", scan, truth, "axial")
            (out / "truth.json").write_text(json.dumps({"case": out.name, "lesions": facts}, indent=1) + "\n")
            print(out.name, len(facts), "lesions", flush=True)


if __name__ == "__main__":
    main()
