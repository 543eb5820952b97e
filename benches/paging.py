#!/usr/bin/env python3
"""How many slices the real window shows while a reader pages through a series: keys go in by xdotool, and the slice's number
in the corner of the first pane is watched in the frame buffer of an Xvfb of its own, every millisecond.

    python3 benches/paging.py target/release/spondyl FOLDER [--per-second 18] [--size 1600x1000]

Needs Debian's xvfb and xdotool. One line of JSON: slices asked for and shown, milliseconds from one to the next (median, 95th
percentile), processor milliseconds a slice. On a screen without a graphics card the software driver draws.
"""
import argparse
import json
import mmap
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

SLICES = 120
# Left, top, right, bottom of the first pane's slice number in a new window of at least 1200 points.
NUMBER = (236, 96, 302, 110)


class Screen:
    """The pixels of an Xvfb, as an XWD file that it keeps up to date."""

    def __init__(self, path):
        self.map = mmap.mmap(os.open(path, os.O_RDONLY), 0, access=mmap.ACCESS_READ)
        header = struct.unpack(">25I", self.map[:100])
        self.first, self.row = header[0] + header[19] * 12, header[12]

    def number(self):
        left, top, right, bottom = NUMBER
        seen = 0
        for y in range(top, bottom):
            at = self.first + y * self.row
            seen = zlib.crc32(self.map[at + 4 * left:at + 4 * right], seen)
        return seen


class Watch(threading.Thread):
    """When another number stood there, seen twice so that none is half drawn."""

    def __init__(self, screen):
        super().__init__(daemon=True)
        self.screen, self.shown, self.done = screen, [], False
        self.start()

    def run(self):
        before = last = self.screen.number()
        while not self.done:
            now = self.screen.number()
            if now == before and now != last:
                self.shown.append(time.perf_counter())
                last = now
            before = now
            time.sleep(0.001)


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as file:
        user, system = file.read().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def rest(pid, limit_s=300):
    """Until the program has been idle for two seconds."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        before = cpu_s(pid)
        time.sleep(2)
        if cpu_s(pid) - before < 0.06:
            return
    sys.exit("the program does not come to rest")


def measure(options, home):
    read, write = os.pipe()
    width, height = map(int, options.size.split("x"))
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp", "-noreset",
               "-fbdir", home]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as number:
        display = ":" + number.readline().strip()
    env = {k: v for k, v in os.environ.items() if k != "DBUS_SESSION_BUS_ADDRESS"}
    env |= {"DISPLAY": display, "XDG_RUNTIME_DIR": home, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home}
    hand = lambda *words: subprocess.run(["xdotool", *words], env=env, capture_output=True, text=True).stdout
    program = None
    try:
        program = subprocess.Popen([options.program, options.folder], env=env, stderr=subprocess.DEVNULL)
        end, windows = time.monotonic() + 60, []
        while not windows and time.monotonic() < end:
            time.sleep(0.2)
            windows = hand("search", "--onlyvisible", "--pid", str(program.pid)).split()
        if not windows:
            sys.exit("no window")
        hand("windowmove", windows[-1], "0", "0", "windowsize", windows[-1], str(width), str(height), "windowfocus",
             windows[-1])
        rest(program.pid)
        hand("mousemove", "500", "500")
        rest(program.pid)
        watch, before, start = Watch(Screen(os.path.join(home, "Xvfb_screen0"))), cpu_s(program.pid), time.perf_counter()
        # xdotool itself takes some twelve milliseconds a key.
        pause = max(1 / options.per_second - 0.0125, 0)
        hand(*(["key", "Down", "sleep", f"{pause:.4f}"] * SLICES))
        asked_s = time.perf_counter() - start
        time.sleep(1)
        watch.done = True
        spent = cpu_s(program.pid) - before
    finally:
        for child in filter(None, [program, server]):
            child.kill()
            child.wait()
    gaps = sorted(1000 * (b - a) for a, b in zip(watch.shown, watch.shown[1:]))
    if not gaps:
        sys.exit("no slice was seen to change")
    return {"slices": SLICES, "per_second": round(SLICES / asked_s, 1), "shown": len(watch.shown),
            "ms_median": round(gaps[len(gaps) // 2], 1), "ms_p95": round(gaps[int(0.95 * len(gaps))], 1),
            "cpu_ms_a_slice": round(1000 * spent / SLICES, 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--per-second", type=float, default=18)
    parser.add_argument("--size", default="1600x1000")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spondyl-paging-") as home:
        os.chmod(home, 0o700)
        print(json.dumps(measure(options, home)))


if __name__ == "__main__":
    main()
