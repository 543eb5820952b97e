#!/usr/bin/env python3
"""Kills the program thousands of times and looks at what is left.

    python3 tests/kills.py PROGRAM FOLDER [KILLS] [SEED]        standard library only; images are the bundled sample's CT

Of ten kills seven hit a session that draws, two an export over an earlier one, one a recovery. After each kill the case
file is read here, without the program: every line's hash, the chain, the numbers; every answered step must be there, and
at most one line may be torn, at the end. An export's files must each be the old or the new one, whole. A recovery's new
file is there whole or not at all, and the damaged one is as it was. Prints one JSON line.
"""
import hashlib, json, os, random, re, shutil, signal, subprocess, sys, threading, time

END = re.compile(rb',"hash":"([0-9a-f]{64})"\}$')


class Journal:
    """What of a case file has been verified so far."""

    def __init__(self, path):
        self.path, self.at, self.prev, self.seq, self.steps = path, 0, None, 0, 0

    def follow(self):
        with open(self.path, "rb") as f:
            f.seek(self.at)
            text = f.read()
        lines = text.split(b"\n")
        torn = lines.pop()
        for line in lines:
            m = END.search(line)
            if not m or hashlib.sha256(line[: m.start()]).hexdigest().encode() != m.group(1):
                return "a line's hash is wrong at byte %d" % self.at
            entry = json.loads(line)
            if self.prev is not None and (entry["prev"] != self.prev or entry["seq"] != self.seq + 1):
                return "the chain is broken at entry %s" % entry["seq"]
            self.prev, self.at = m.group(1).decode(), self.at + len(line) + 1
            if "seq" in entry:
                self.seq, self.steps = entry["seq"], self.steps + (entry["what"] == "step")
        self.torn = len(torn)
        return None


class Bench:
    def __init__(self, program, folder, seed):
        self.program, self.folder, self.r = os.path.abspath(program), folder, random.Random(seed)
        here = os.path.dirname(os.path.abspath(__file__))
        self.images = os.path.join(folder, "images")
        if not os.path.isdir(self.images):
            shutil.copytree(os.path.join(here, "..", "sample-data", "ct-sagittal"), self.images)
        self.n, self.torn, self.answered = 0, 0, 0
        self.fresh()

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *args, **kw):
        return subprocess.run([self.program, *args], capture_output=True, text=True, **kw)

    def step(self):
        self.n += 1
        x, y, z = (self.r.uniform(-20, 20) for _ in range(3))
        return json.dumps(dict(op="brush", lesion="a", plane="sagittal", path_mm=[[x, y, z]], radius_mm=self.r.uniform(1, 4), tip="disc", mode="paint", range=None))

    def fresh(self):
        self.case = self.path("case-%d.spondyl" % self.n)
        first = '{"op":"label_vertebra","level":"C6","at_mm":[0,0,0]}\n{"op":"add_lesion","lesion":"a","vertebra":"C6","kind":"lytic"}\n'
        done = self.run("annotate", self.images, "--case", self.case, "--script", "-", input=first + self.step() + "\n")
        assert done.returncode == 0, done.stderr
        self.journal = Journal(self.case)
        assert self.journal.follow() is None
        self.old = self.case + ".old"
        shutil.copy(self.case, self.old)
        done = self.run("annotate", self.images, "--case", self.case, "--script", "-", input=self.step() + "\n")
        assert done.returncode == 0, done.stderr
        assert self.journal.follow() is None
        self.exports = [self.exported(c) for c in (self.old, self.case)]

    def exported(self, case):
        out = self.path("whole")
        shutil.rmtree(out, ignore_errors=True)
        assert self.run("export", case, "--format", "json,nifti,csv,script", "-o", out).returncode == 0
        return self.read(out)

    def read(self, out):
        return {n: open(os.path.join(out, n), "rb").read() for n in sorted(os.listdir(out)) if not n.endswith(".part")}

    def drawing(self):
        before, answers = self.journal.steps, []
        p = subprocess.Popen([self.program, "annotate", self.images, "--case", self.case, "--script", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        reader = threading.Thread(target=lambda: answers.extend(l for l in p.stdout))
        reader.start()
        steps, wait = self.r.randint(1, 12), self.r.random()
        try:
            p.stdin.write(("\n".join(self.step() for _ in range(steps)) + "\n").encode())
            p.stdin.flush()
        except BrokenPipeError:
            pass
        if wait < 0.5:  # anywhere in its life
            time.sleep(self.r.uniform(0, 0.08))
        else:           # close behind an answer
            target = self.r.randint(1, steps)
            until = time.time() + 5
            while len(answers) < target and time.time() < until and p.poll() is None:
                time.sleep(0.0003)
            time.sleep(self.r.choice((0, 0.0003, 0.001, 0.003)))
        p.send_signal(signal.SIGKILL)
        p.wait()
        reader.join()
        answered = sum(b'"ok":true' in a and a.endswith(b"}\n") for a in answers)
        self.answered += answered
        wrong = self.journal.follow()
        self.torn += bool(self.journal.torn)
        gained = self.journal.steps - before
        if wrong or gained < answered:
            return wrong or "%d steps were answered, %d are there" % (answered, gained)
        if self.journal.torn:  # the next writer takes it off
            done = self.run("annotate", self.images, "--case", self.case, "--script", "-", input=self.step() + "\n")
            return self.journal.follow() or (None if done.returncode == 0 else done.stderr)
        return None

    def killed(self, *args):
        p = subprocess.Popen([self.program, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(self.r.uniform(0, 0.05))
        p.send_signal(signal.SIGKILL)
        p.wait()

    def exporting(self):
        out = self.path("out")
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)
        a, b = self.exports
        for name, text in a.items():
            open(os.path.join(out, name), "wb").write(text)
        self.killed("export", self.newer(), "--format", "json,nifti,csv,script", "-o", out)
        left = self.read(out)
        bad = [n for n in a if left.get(n) not in (a[n], b.get(n))]
        return "%s is neither old nor new" % bad if bad else None

    def newer(self):
        """The case as it was when the newer exports were made."""
        name = self.case + ".newer"
        if not os.path.exists(name):
            lines = open(self.case, "rb").read().split(b"\n")
            old = open(self.old, "rb").read().count(b"\n")
            open(name, "wb").write(b"\n".join(lines[: old + 2]) + b"\n")
        return name

    def recovering(self):
        damaged, new = self.path("damaged.spondyl"), self.path("new.spondyl")
        text = bytearray(open(self.old, "rb").read())
        text[self.r.randrange(400, len(text))] ^= 1 << self.r.randrange(8)
        open(damaged, "wb").write(text)
        if os.path.exists(new):
            os.remove(new)
        self.killed("recover", damaged, "-o", new)
        if open(damaged, "rb").read() != text:
            return "the damaged file was changed"
        if os.path.exists(new):
            j = Journal(new)
            wrong = j.follow()
            return wrong or ("the new file is torn" if j.torn else None)
        return None


def main(program, folder, kills=10000, seed=1):
    os.makedirs(folder, exist_ok=True)
    b, bad, start = Bench(program, folder, int(seed)), [], time.time()
    for n in range(int(kills)):
        if n % 200 == 199:
            b.fresh()
        what = b.r.choice([b.drawing] * 7 + [b.exporting] * 2 + [b.recovering])
        wrong = what()
        if wrong:
            bad.append("kill %d, %s: %s" % (n, what.__name__, wrong))
            b.fresh()
        if n % 500 == 499:
            print("%d kills, %d wrong, %.0f s" % (n + 1, len(bad), time.time() - start), file=sys.stderr, flush=True)
    print(json.dumps(dict(kills=int(kills), answered=b.answered, torn_lines=b.torn, wrong=bad[:20], n_wrong=len(bad), seconds=round(time.time() - start))))
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
