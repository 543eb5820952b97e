#!/usr/bin/env python3
"""Lytic lesions in boxes of made bone, to train grow's network on what is sharp, fine and nearly without noise.

    boxes.py FIRST LAST --generator DIR -o OUT

Writes the boxes FIRST … LAST - 1; each is a folder that `cargo bench --bench grow -- --rows FILE` reads, and holds a vertebral
body (elliptic, with shell, end plates, discs and, of some, a vein's canal) in soft tissue with one lesion. All that a box is
made of is at random in wide ranges: grid (0.5 to 1 mm, slices of 0.7 to 2.2 mm), size and place of the lesion, bone, its
trabeculae, how ragged the lesion's edge is and whether it follows the trabeculae, blur and noise. DIR holds
make_virtual_lesions.py, which writes the files. Needs numpy, scipy, pydicom and nibabel.
"""
import argparse
import json
import sys
from pathlib import Path

import numpy as np
from scipy import ndimage as ndi

KINDS, SHARES = ["contained", "cortex", "breach"], [0.5, 0.38, 0.12]


class Box:
    """A grid three or two times finer than the scan's; axes are slices, rows, columns."""

    def __init__(self, number):
        self.random = np.random.default_rng([number, 4711])
        u = self.u
        xy, z = u(0.5, 1.0), u(0.7, 2.2)
        self.spacing, self.over = np.array([z, xy, xy]), np.array([3 if z > 1.3 else 2, 2, 2])
        self.size_mm = float(np.exp(u(np.log(5), np.log(27 if self.chance(0.5) else 9.5))))
        half = self.size_mm * 0.5 * 1.35 + 11
        self.shape = np.ceil(2 * half / self.spacing).astype(int)
        self.step, self.fine = self.spacing / self.over, self.shape * self.over
        self.at = np.meshgrid(*((np.arange(n) + 0.5) * s - n * s / 2 for n, s in zip(self.fine, self.step)),
                              indexing="ij", sparse=True)

    def u(self, low, high):
        return float(self.random.uniform(low, high))

    def chance(self, share):
        return self.random.random() < share

    def field(self, mm):
        """Smooth noise of unit spread."""
        noise = self.random.standard_normal(self.fine).astype(np.float32)
        noise = ndi.gaussian_filter(noise, np.maximum(np.broadcast_to(mm, 3) / self.step, 0.3), mode="wrap")
        return noise / noise.std()

    def pooled(self, values):
        (a, b, c), (i, j, k) = self.shape, self.over
        return values.reshape(a, i, b, j, c, k).mean((1, 3, 5))


def body(box, kind):
    """HU, depth below the bone's surface, the shell's thickness, and the trabeculae."""
    u, random = box.u, box.random
    axes, way = np.array([u(9, 15), u(10, 16), u(14, 23)]), random.standard_normal(3)
    near = {"contained": (0, 0.45), "cortex": (0.5, 0.85), "breach": (0.8, 1.0)}[kind]
    off = way / np.linalg.norm(way) * axes * u(*near)
    order = random.permutation(3) if box.chance(0.4) else range(3)
    z, y, x = (box.at[k] + o for k, o in zip(order, off))
    wide = np.sqrt((x / axes[2]) ** 2 + (y / axes[1]) ** 2)
    inner = np.minimum((1 - wide) * min(axes[1:]), axes[0] - np.abs(z)) + 0.5 * box.field(4.0)
    shell, cortex, bone = u(0.5, 1.6), u(450, 1000), u(150, 380)
    grain = box.field(np.array([u(0.25, 0.9)] * 3) * (u(1, 1.7), 1, 1))
    if box.chance(0.4):
        grain = 0.8 * grain + 0.6 * box.field(u(1.2, 3))
    hu = np.full(box.fine, u(30, 70), np.float32)
    hu[inner > 0] = cortex * (1 + 0.12 * grain[inner > 0])
    spongy = inner > shell
    hu[spongy] = bone + bone * u(0.03, 0.4) * grain[spongy]
    if box.chance(0.35):
        canal = (z - u(-2, 2)) ** 2 + (x - u(-3, 3)) ** 2 < u(1, 2.2) ** 2
        hu[canal & (y > u(-4, 3)) & spongy] = u(0.3, 0.7) * bone
    disc = (np.abs(z) > axes[0]) & (wide < 1) & (inner <= 0)
    hu[disc] = u(70, 110)
    if box.chance(0.5):
        hu[(inner < -u(2, 5)) & ~disc] = -95
    return hu, inner, shell, grain


def lesion(box, kind, inner, shell, grain):
    """Which places of the finer grid it fills."""
    u, radius = box.u, box.size_mm / 2
    semi = radius * box.random.uniform(0.8, 1.2, 3)
    far = (np.sqrt(sum((v / s) ** 2 for v, s in zip(box.at, semi))) - 1) * radius
    far = far + u(0, 0.16) * radius * box.field(max(1.2, 0.33 * radius))
    ragged = u(0, 1.0) if box.chance(0.7) else 0.0
    far = far + ragged * (grain if box.chance(0.6) else box.field(u(0.3, 0.9)))
    wall = {"contained": shell + u(0.3, 1.5), "cortex": (u(0, 1) if box.chance(0.6) else 0) * shell, "breach": -u(1, 4)}
    return np.maximum(far, wall[kind] - inner) < 0


def made(number):
    """HU and mask on the scan's grid, its spacing (slices, rows, columns), and what the lesion is; none where it is tiny."""
    box = Box(number)
    u, kind = box.u, str(box.random.choice(KINDS, p=SHARES))
    hu, inner, shell, grain = body(box, kind)
    inside, before = lesion(box, kind, inner, shell, grain), box.pooled(hu)
    hu[inside] = u(25, 75) + u(2, 16) * grain[inside]
    if box.chance(0.15):
        hu[inside & (box.field(0.9) > u(1.8, 2.6))] = u(200, 500)
    across = u(0, 0.5)
    blur = np.array([u(0, 0.3) * box.spacing[0], across, across])
    hu, truth = box.pooled(ndi.gaussian_filter(hu, blur / box.step)), box.pooled(inside.astype(np.float32)) >= 0.5
    across = 0.6 * u(0.4, 1)
    noise = ndi.gaussian_filter(box.random.standard_normal(box.shape), (0, across, across))
    hu = hu + u(2, 26) * noise / noise.std()
    pieces, count = ndi.label(truth)
    if not count:
        return None
    truth = pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()
    depth = ndi.distance_transform_edt(np.pad(truth, 1), sampling=box.spacing)[1:-1, 1:-1, 1:-1]
    deepest = np.array(np.unravel_index(depth.argmax(), depth.shape))
    far = np.linalg.norm((np.argwhere(truth) - deepest) * box.spacing, axis=1).max()
    # A lesion that nobody could see, or of a few voxels, teaches nothing.
    least = 70 if kind != "breach" else 50
    if depth.max() < 1.2 or truth.sum() < 40 or before[truth].mean() - hu[truth].mean() < least:
        return None
    fact = {"label": 1, "name": str(number), "kind": kind, "part": "body", "seed_mm": list((deepest * box.spacing)[::-1]),
            "max_radius_mm": float(far), "inscribed_radius_mm": float(depth.max())}
    return np.clip(np.round(hu), -1024, 3071), truth.astype(np.uint16), box.spacing, fact


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--generator", required=True, type=Path)
    parser.add_argument("-o", "--out", required=True, type=Path)
    options = parser.parse_args()
    sys.path.insert(0, str(options.generator))
    import make_virtual_lesions as make
    for number in range(options.first, options.last):
        got = made(number)
        if got is None:
            continue
        hu, truth, spacing, fact = got
        scan = make.Scan(hu, (0, 0, 0), spacing[::-1], [make.bare_header() for _ in hu])
        out = options.out / f"box-{number}"
        out.mkdir(parents=True, exist_ok=True)
        make.write_series(out / "dicom-axial", scan, {"case": out.name}, "axial", "raw")
        make.write_mask(out / "truth-axial.nii.gz", scan, truth, "axial")
        (out / "truth.json").write_text(json.dumps({"case": out.name, "lesions": [fact]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
