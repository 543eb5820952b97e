#!/usr/bin/env python3
"""The window as assistive technology meets it, and without a pointer.

    check_access.py PROGRAM [SAMPLE_DATA]

Every control has a name and no two in the same part of the window have the same one, buttons do what they say when a
screen reader presses them, and a level, a lesion and a finding are had by keys alone.
"""
import collections
import json
import os
import subprocess
import sys
import tempfile
import time

from window import Window, on_a_bus

CONTROLS = {"push button", "toggle button", "check box", "radio button", "slider", "spin button", "entry", "combo box", "image"}


def check_names(w):
    """Every control and part of the window has a name, and no two controls of a part have the same one."""
    nameless, seen, part = [], collections.Counter(), ""
    for role, name, node in w.everything():
        if role in CONTROLS | {"frame"} and not name.strip():
            nameless.append((role, w.rect(node)))
        if role == "panel" and name:
            part = name
        elif role in CONTROLS:
            seen[part, role, name] += 1
    assert sum(seen.values()) > 40, f"only {sum(seen.values())} controls are told of"
    assert not nameless, f"without a name: {nameless}"
    assert not (twice := [k for k, n in seen.items() if n > 1]), f"named alike: {twice}"


def find(w, name):
    return w.until(lambda: next((n for r, t, n in w.everything() if r in CONTROLS and t == name), None), what=name)


def has(w, node, state):
    return node.get_state_set().contains(getattr(w.atspi.StateType, state))


def press(w, name):
    """What a screen reader does with a button."""
    node = find(w, name)
    assert node.get_n_actions() > 0, f"{name} can be pressed"
    node.do_action(0)
    time.sleep(0.4)


def focused(w):
    return next(((r, n) for r, n, node in w.everything() if has(w, node, "FOCUSED") and r in CONTROLS), None)


def to_controls(w):
    """F6. A modifier that a loaded X server still reports as held makes it another key: once more then."""
    w.press("F6")
    for _ in range(50):
        if focused(w):
            return
        time.sleep(0.1)
    w.press("F6")


def tab_to(w, wanted):
    """Goes on with Tab until a control has the keyboard; gives all that had it on the way."""
    way = []
    w.until(lambda: focused(w), what="a control with the keyboard")
    for _ in range(120):
        time.sleep(0.05)
        at = focused(w)
        if at:
            way.append(at)
            if at[1] == wanted:
                return way
        w.press("Tab")
    raise AssertionError(f"Tab does not come to {wanted}: {way}")


def by_screen_reader(w):
    """Names in every state of the tools; a button pressed from outside does what it says."""
    w.wait_for("image", "Sagittal view")
    check_names(w)
    for tool in ["Vertebra V", "Brush B", "Grow G", "Contour C", "Measure"]:
        press(w, tool)
        check_names(w)
    w.press("Escape")  # the menu goes, nothing else
    w.until(lambda: not w.find("toggle button", "Measure length M"), what="the menu to close")
    press(w, "Navigate N")
    assert has(w, find(w, "Navigate N"), "PRESSED") or has(w, find(w, "Navigate N"), "CHECKED"), "says that it is on"


def by_keys(w):
    """A level, a lesion and a finding without a pointer."""
    # Tab goes from pane to pane, and reaches no control until F6 asks for them.
    w.press("Tab")
    assert focused(w) is None, focused(w)
    w.press("Tab"), w.press("Tab")
    # C4 becomes the level that is counted from, chosen in the ladder.
    to_controls(w)
    way = tab_to(w, "C4")
    assert ("toggle button", "Vertebra V") in way and ("toggle button", "C3") in way, way
    w.press("space")
    w.press("F6")
    assert focused(w) is None, focused(w)
    # The pointer of the keys: up into the body of C4, a click; then a grown lesion of a few millimetres.
    w.press("v")
    for _ in range(20):
        w.press("alt+Up")
    w.press("alt+Return"), w.press("alt+Return")
    w.press("g")
    w.press("alt+Return")
    for _ in range(6):
        w.press("alt+Right")
    w.press("alt+Return")
    # The form: the first question of the level.
    to_controls(w)
    tab_to(w, "Level C4")
    w.press("space")
    tab_to(w, "Pain: mechanical (3)")
    w.press("space")
    w.press("Escape")
    check_names(w)


def main():
    on_a_bus()
    program = os.path.abspath(sys.argv[1])
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sample = sys.argv[2] if len(sys.argv) > 2 else os.path.join(root, "sample-data")
    with tempfile.TemporaryDirectory(prefix="spondyl-access-") as home:
        with Window(program, [os.path.join(sample, "ct-sagittal")], home=home) as w:
            by_screen_reader(w)
            by_keys(w)
            if os.environ.get("SPONDYL_SHOTS"):
                w.shot(os.path.join(os.environ["SPONDYL_SHOTS"], "access.png"))
            assert w.gestures == 0
        [case] = [os.path.join(d, f) for d, _, fs in os.walk(home) for f in fs if f.endswith(".spondyl")]
        out = os.path.join(home, "out")
        subprocess.run([program, "export", case, "--format", "json", "-o", out], check=True, stdout=subprocess.DEVNULL)
        case = json.load(open(os.path.join(out, "case.json")))
    [level] = [v for s in case["annotation_sets"] for v in s["vertebrae"]]
    [lesion] = level["lesions"]
    assert level["level"] == "C4" and level["sins_pain"] == 3, level
    assert lesion["measurements"]["voxels"] > 20, lesion["measurements"]
    print(f"{level['level']} labelled, a lesion of {lesion['measurements']['voxels']} voxels and a finding, by {w.keys} keys and no pointer")


if __name__ == "__main__":
    main()
