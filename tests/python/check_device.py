#!/usr/bin/env python3
"""A graphics device that is lost while the window is open is made anew, and nothing is missing from the picture.

    check_device.py PROGRAM [SAMPLE_DATA]

The same hand on two windows, of which one loses its device: the screens are compared pixel by pixel. Needs ImageMagick.
"""
import os
import subprocess
import sys
import tempfile
import time

from window import Window, on_a_bus

LOST_AFTER_S = 4


def picture(program, arguments, path):
    start = time.monotonic()
    with Window(program, arguments) as w:
        w.wait_for("image", "Sagittal view")
        # Both windows rest past the time of the loss; the next movement finds the device gone.
        time.sleep(max(LOST_AFTER_S + 3 - (time.monotonic() - start), 3))
        w.hover((500, 600))
        w.press("Down")
        time.sleep(2)
        w.hover((510, 600))
        time.sleep(2)
        w.shot(path)
        assert w.process.poll() is None, "the window is still there"


def main():
    program = sys.argv[1]
    sample = sys.argv[2] if len(sys.argv) > 2 else os.path.join(os.path.dirname(__file__), "../../sample-data")
    with tempfile.TemporaryDirectory(prefix="spondyl-device-") as folder:
        kept, lost = (os.path.join(folder, n) for n in ("kept.png", "lost.png"))
        picture(program, [sample], kept)
        picture(program, [sample, "--lose-device-after", str(LOST_AFTER_S)], lost)
        colors = subprocess.run(["identify", "-format", "%k", kept], capture_output=True, text=True, check=True).stdout
        assert int(colors) > 200, f"a window with images has more than {colors} colours"
        said = subprocess.run(["compare", "-metric", "AE", kept, lost, "null:"], capture_output=True, text=True).stderr
        differ = float(said.split()[0])
        print(f"{differ:.0f} pixels differ between a window whose device was lost and one whose device was not")
        assert differ == 0


if __name__ == "__main__":
    on_a_bus()
    main()
