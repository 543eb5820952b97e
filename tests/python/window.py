"""The real window, driven as a person drives it: a display of its own, the pointer and keys through xdotool, and the
names, roles and places of the controls as a screen reader is told them (AT-SPI).

Needs Debian's xvfb, xdotool, dbus, at-spi2-core, gir1.2-atspi-2.0 and python3-gi, so it runs with the system's Python. A
script that uses it is started again by `on_a_bus` under a session bus of its own.
"""
import ctypes
import faulthandler
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LIBGL_DRIVERS_PATH", "VK_ICD_FILENAMES", "DBUS_SESSION_BUS_ADDRESS")
# A check that hangs says where, and ends.
LIMIT_S = 300


def on_a_bus():
    """Starts this script again under a session bus, unless that is where it runs."""
    if os.environ.get("SPONDYL_CHECK_BUS") == "1":
        faulthandler.dump_traceback_later(LIMIT_S, exit=True)
        return
    os.environ["SPONDYL_CHECK_BUS"] = "1"
    os.execvp("dbus-run-session", ["dbus-run-session", "--", sys.executable, *sys.argv])


def with_parent():
    """A child that does not outlive this check, however it ends (prctl PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Window:
    """`with Window(program, [folder], size=(1600, 1000)) as w:`; the program ends with the block."""

    def __init__(self, program, arguments, size=(1600, 1000), home=None):
        self.program, self.arguments, self.size = os.path.abspath(program), list(map(str, arguments)), size
        self.temporary = tempfile.TemporaryDirectory(prefix="spondyl-window-")
        self.home = home or self.temporary.name
        self.display = self.process = None
        self.gestures = self.keys = 0

    def __enter__(self):
        try:
            return self.open()
        except BaseException:
            self.__exit__()
            raise

    def open(self):
        read, write = os.pipe()
        screen = "%dx%dx24" % self.size
        command = ["Xvfb", "-displayfd", str(write), "-screen", "0", screen, "-nolisten", "tcp", "-noreset"]
        self.display = subprocess.Popen(command, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        preexec_fn=with_parent)
        os.close(write)
        with os.fdopen(read) as number:
            self.number = ":" + number.readline().strip()
        run = os.path.join(self.home, "run")
        os.makedirs(run, mode=0o700, exist_ok=True)
        self.env = {k: os.environ[k] for k in KEPT if k in os.environ}
        self.env |= {"DISPLAY": self.number, "XDG_RUNTIME_DIR": run, "XDG_DATA_HOME": os.path.join(self.home, "data"),
                     "XDG_CONFIG_HOME": os.path.join(self.home, "config")}
        os.environ["DISPLAY"] = self.number
        self.listen()
        self.process = subprocess.Popen([self.program, *self.arguments], env=self.env, stdout=subprocess.DEVNULL,
                                        preexec_fn=with_parent)
        self.id = self.until(lambda: self.xdotool("search", "--onlyvisible", "--pid", str(self.process.pid)).split()[-1:])[0]
        self.xdotool("windowmove", self.id, "0", "0", "windowsize", self.id, *map(str, self.size), "windowfocus", self.id)
        self.until(lambda: self.frame() and self.rect(self.frame())[2:] == self.size)
        return self

    def __exit__(self, *_):
        try:
            if self.process:
                self.process.terminate()
                self.process.wait(20)
        finally:
            for child in filter(None, [self.process, self.display]):
                child.kill()
                child.wait()
            self.temporary.cleanup()

    # ---- what a screen reader is told
    def listen(self):
        import gi
        gi.require_version("Atspi", "2.0")
        from gi.repository import Atspi
        # As a screen reader does when it starts: programs then tell what they show.
        subprocess.run(["gdbus", "call", "--session", "--dest", "org.a11y.Bus", "--object-path", "/org/a11y/bus", "--method",
                        "org.freedesktop.DBus.Properties.Set", "org.a11y.Status", "IsEnabled", "<true>"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.atspi = Atspi

    def frame(self):
        desktop = self.atspi.get_desktop(0)
        desktop.clear_cache()
        for n in range(desktop.get_child_count()):
            program = desktop.get_child_at_index(n)
            if program and program.get_process_id() == self.process.pid and program.get_child_count():
                return program.get_child_at_index(0)
        return None

    def everything(self):
        """(role, name, node) of all that is there, in reading order."""
        out, open_ = [], [self.frame()]
        while open_:
            node = open_.pop()
            if node is None:
                continue
            try:
                out.append((node.get_role_name(), node.get_name() or "", node))
                open_ += [node.get_child_at_index(n) for n in reversed(range(node.get_child_count()))]
            except Exception:  # gone between two questions
                continue
        return out

    def find(self, role, name):
        """The first control of that role whose name is, or matches, `name`."""
        for r, n, node in self.everything():
            if r == role and re.fullmatch(name, n):
                return node
        return None

    def rect(self, node):
        e = node.get_extents(self.atspi.CoordType.WINDOW)
        return e.x, e.y, e.width, e.height

    def wait_for(self, role, name, timeout=60):
        return self.until(lambda: self.find(role, name), timeout, f"{role} “{name}”")

    def until(self, test, timeout=60, what="the window"):
        end = time.monotonic() + timeout
        while True:
            try:
                got = test()
            except Exception:  # gone between two questions
                got = None
            if got:
                return got
            if time.monotonic() > end:
                shot = os.path.join(os.environ.get("SPONDYL_SHOTS", tempfile.gettempdir()), "spondyl-window.png")
                self.shot(shot)
                names = "\n".join(f"  {r} “{n}”" for r, n, _ in self.everything())
                raise AssertionError(f"waited {timeout} s for {what}; the window is in {shot}, it has\n{names}")
            time.sleep(0.05)

    def point_mm(self):
        """What the status line says of the point under the pointer, once it stands still: (x, y, z) in mm."""
        before = None
        for _ in range(100):
            time.sleep(0.15)
            now = self.status_mm()
            if now and now == before:
                return now
            before = now
        raise AssertionError("the status line does not come to rest")

    def status_mm(self):
        for role, name, _ in self.everything():
            found = re.search(r"(-?[\d.]+), (-?[\d.]+), (-?[\d.]+) mm", name) if role == "label" else None
            if found:
                return tuple(map(float, found.groups()))
        return None

    # ---- hand
    def xdotool(self, *args):
        done = subprocess.run(["xdotool", *args], env=self.env, capture_output=True, text=True, timeout=60)
        return done.stdout

    def shot(self, path):
        subprocess.run(["import", "-window", "root", path], env=self.env, check=False)

    def hover(self, at):
        self.xdotool("mousemove", *(str(round(v)) for v in at))
        time.sleep(0.1)

    def click(self, at, button=1):
        self.gestures += 1
        self.hover(at)
        self.xdotool("click", str(button))
        time.sleep(0.15)

    def drag(self, way, button=1):
        """One gesture along points, at the pace of a hand."""
        self.gestures += 1
        steps = []
        for (x0, y0), (x1, y1) in zip(way, way[1:]):
            n = max(1, round(max(abs(x1 - x0), abs(y1 - y0)) / 6))
            steps += [(x0 + (x1 - x0) * k / n, y0 + (y1 - y0) * k / n) for k in range(1, n + 1)]
        self.hover(way[0])
        command = ["mousedown", str(button)]
        for x, y in steps:
            command += ["mousemove", str(round(x)), str(round(y)), "sleep", "0.008"]
        self.xdotool(*command, "sleep", "0.05", "mouseup", str(button))
        time.sleep(0.3)

    def wheel(self, notches):
        """Down is positive; not counted, a turn of the wheel is one gesture whatever its length."""
        for _ in range(abs(notches)):
            self.xdotool("click", "5" if notches > 0 else "4")
            time.sleep(0.03)
        time.sleep(0.15)

    def press(self, key):
        self.keys += 1
        self.xdotool("key", key)
        time.sleep(0.15)

    def choose(self, name, role="push button|toggle button|check box|radio button|menu item"):
        """A click on a control found by its name."""
        node = self.until(lambda: next((n for r, t, n in self.everything() if re.fullmatch(role, r) and t == name), None), what=name)
        x, y, w, h = self.rect(node)
        self.click((x + w / 2, y + h / 2))
