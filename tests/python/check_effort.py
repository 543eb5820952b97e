#!/usr/bin/env python3
"""What the CT part of the sample case costs a reader in the real window, and how good what is drawn then is.

    check_effort.py PROGRAM [SAMPLE_DATA]

Eight levels, eight lesions, the heights of C6 and of its neighbours and the SINS of C6, by pointer and keys alone. Every
gesture and key is counted; at most 60 and 40 are allowed, and each lesion must reach a Dice of 0.85 with the phantom's truth.
"""
import json
import os
import subprocess
import sys
import tempfile

from window import Window, on_a_bus

SLICE_MM = 1.5
GESTURES, KEYS, DICE = 60, 40, 0.85


class Reader(Window):
    """Sees the truth, and puts the pointer where it is in the sagittal pane."""

    def calibrate(self):
        """Where millimetres lie in the pane, from what the status line says under the pointer at three places."""
        x, y, w, h = self.rect(self.wait_for("image", "Sagittal view"))
        self.middle = (x + w // 2, y + h // 2)
        places = [self.middle, (x + w - 40, y + h // 2), (x + w // 2, y + h - 60)]
        points = []
        for at in places:
            self.hover(at)
            points.append(self.point_mm())
        assert points[0][2] == points[1][2] and points[0][1] == points[2][1], f"a sagittal pane: {points}"
        self.y_per_mm = (places[1][0] - places[0][0]) / (points[1][1] - points[0][1])
        self.z_per_mm = (places[2][1] - places[0][1]) / (points[2][2] - points[0][2])
        self.zero = points[0]

    def at(self, p):
        return (self.middle[0] + (p[1] - self.zero[1]) * self.y_per_mm, self.middle[1] + (p[2] - self.zero[2]) * self.z_per_mm)

    def slice_x(self):
        self.hover((self.middle[0], self.middle[1] + 3))
        self.hover(self.middle)
        return self.point_mm()[0]

    def go(self, x_mm, step):
        """To the slice of x: which way a step leads is tried first, as a reader would, and counts."""
        off = x_mm - self.slice_x()
        n = round(abs(off) / SLICE_MM)
        if n:
            way = 1 if off > 0 else -1
            step(way * self.forward * n)
        assert abs(x_mm - self.slice_x()) <= 0.5 * SLICE_MM + 0.11, f"slice {self.slice_x()} instead of {x_mm}"

    def arrows(self, n):
        for _ in range(abs(n)):
            self.press("Down" if n > 0 else "Up")

    def turn(self, n):
        self.gestures += 1
        self.wheel(n)


def voxels(mask):
    """The set of (i, j, k) of run lengths over a box."""
    low, size = mask["origin_ijk"], mask["size_ijk"]
    out, at, fill = set(), 0, False
    for run in mask["runs"]:
        if fill:
            out |= {(low[0] + n % size[0], low[1] + n // size[0] % size[1], low[2] + n // (size[0] * size[1])) for n in range(at, at + run)}
        at, fill = at + run, not fill
    return out


def outlines_of_c6(script, count):
    """The outlines that a hand drew for the sample's script, spread over the lesion."""
    steps = [json.loads(line) for line in open(script)]
    mine = [s for s in steps if s["op"] == "contour" and s["lesion"] == "c6"]
    by_slice = {}
    for s in mine:
        key = round(s["points_mm"][0][0], 1)
        if key not in by_slice or len(s["points_mm"]) > len(by_slice[key]):
            by_slice[key] = s["points_mm"]
    every = [by_slice[k] for k in sorted(by_slice, reverse=True)]
    return [every[round(1 + n * (len(every) - 3) / (count - 1))] for n in range(count)]


def annotate(r, truth, script):
    r.calibrate()
    r.forward = 1
    before = r.slice_x()
    r.press("Down")
    r.forward = 1 if r.slice_x() > before else -1
    # Numbering: a click for each level, from C2.
    r.press("v")
    for level in truth["levels"]:
        r.click(r.at(level["centre_mm"]))
    # A drag for each small lesion, from its middle to its edge, in the order in which scrolling meets them.
    r.press("g")
    small = sorted((l for l in truth["lesions"] if l["level"] != "C6"), key=lambda l: l["centroid_mm"][0])
    g = truth["geometry"]
    for n, lesion in enumerate(small):
        if n:
            r.press("l")
        c = lesion["centroid_mm"]
        r.go(c[0], r.arrows if n else r.turn)
        reach = max(sum((a - b) ** 2 for a, b in zip(patient(g, v), c)) ** 0.5 for v in voxels(lesion["mask"])) + 0.5
        r.drag([r.at(c), r.at((c[0], c[1] - reach, c[2]))])
    # The mass of C6 has no edge of its own in soft tissue: seven outlines, and the layers between them.
    r.press("l")
    r.press("c")
    for outline in outlines_of_c6(script, 7):
        r.go(outline[0][0], r.turn)
        r.drag([r.at(p) for p in outline + outline[:1]])
    r.press("k")
    r.press("Return")
    # Six points on C6 and on the two levels that it is held against.
    r.press("h")
    for level in truth["levels"]:
        if level["level"] in ("C5", "C6", "C7"):
            for end in ("sup_ant", "sup_mid", "sup_post", "inf_ant", "inf_mid", "inf_post"):
                r.click(r.at(level["height_points_mm"][end]))
    # What only the reader can answer of C6.
    for button in ("C6", "Pain: mechanical (3)", "Alignment: new bend (2)", "Posterolateral: one side (1)"):
        r.choose(button)


def patient(g, v):
    return [o + sum(g["steps_mm"][a][c] * v[a] for a in range(3)) for c, o in enumerate(g["origin_mm"])]


def main():
    on_a_bus()
    program = os.path.abspath(sys.argv[1])
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sample = sys.argv[2] if len(sys.argv) > 2 else os.path.join(root, "sample-data")
    truth = json.load(open(os.path.join(sample, "truth", "truth.json")))
    with tempfile.TemporaryDirectory(prefix="spondyl-effort-") as home:
        with Reader(program, [os.path.join(sample, "ct-sagittal")], home=home) as r:
            annotate(r, truth, os.path.join(sample, "case.script.jsonl"))
            if os.environ.get("SPONDYL_SHOTS"):
                r.shot(os.path.join(os.environ["SPONDYL_SHOTS"], "effort.png"))
        cases = [os.path.join(d, f) for d, _, fs in os.walk(home) for f in fs if f.endswith(".spondyl")]
        assert len(cases) == 1, f"one case file, not {cases}"
        out = os.path.join(home, "out")
        subprocess.run([program, "export", cases[0], "--format", "json", "-o", out], check=True, stdout=subprocess.DEVNULL)
        case = json.load(open(os.path.join(out, "case.json")))
    vertebrae = {v["level"]: v for s in case["annotation_sets"] for v in s["vertebrae"]}
    worst = 1.0
    for lesion in truth["lesions"]:
        entries = vertebrae[lesion["level"]]["lesions"]
        assert len(entries) == 1 and entries[0]["type"] == "lytic", f"{lesion['level']}: {entries}"
        real, mine = voxels(lesion["mask"]), voxels(entries[0]["geometry"]["mask"])
        dice = 2 * len(real & mine) / (len(real) + len(mine))
        worst = min(worst, dice)
        print(f"{lesion['level']}: Dice {dice:.3f}")
    sins = vertebrae["C6"]["sins"]
    print(f"C6: SINS {sins['total']}")
    print(f"{r.gestures} pointer gestures, {r.keys} keys; least Dice {worst:.3f}")
    assert sins["total"] == 13, sins
    assert r.gestures <= GESTURES and r.keys <= KEYS, f"{r.gestures} gestures, {r.keys} keys"
    assert worst >= DICE, f"least Dice {worst:.3f}"


if __name__ == "__main__":
    main()
