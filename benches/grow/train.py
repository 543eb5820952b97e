#!/usr/bin/env python3
"""Trains the small network with which grow weighs its evidence (src/segment/grow/network.bin).

    lesions.py …                                                         random lesions in CTs, as case folders
    boxes.py …                                                           and in boxes of made bone
    cargo bench --bench grow -- --rows SCAN.rows CASE_DIR…               what grow sees of them, one file a scan
    train.py SCAN.rows… -o network.bin [--held-out SCAN.rows]

Rows of one patient's scan, however resampled, belong into files of one name up to the first hyphen; patients count alike, and
all boxes (box.rows) as BOXES of one.
Within a patient kinds of lesion count as in KINDS. Each run (a lesion, a reader's seed and reach) is a sample of at most
ROWS voxels, in which those near the first answer's surface are more, with weights that make up for it. Loss of a run: one
less soft Dice, plus half the cross-entropy per lesion voxel. Adam, the rate falling as a cosine. Needs numpy only.
"""
import argparse
import json
from pathlib import Path

import numpy as np

HIDDEN = (20, 12)
EVIDENCE = 25
DEPTH = 8  # place of the depth below the first surface, in 3 mm
ROWS = 1000
BOXES = 1.3
LEAN = 0.35  # added to the log odds: on a patient left out of training, networks draw a little too small
KINDS = {"contained": 0.35, "cortex body": 0.18, "cortex elsewhere": 0.2, "breach": 0.18, "destroyed": 0.09}


def runs_of(path, random):
    """(kind, numbers, is lesion, weight) of each run in a file."""
    with path.open("rb") as file:
        while line := file.readline():
            facts = json.loads(line)
            raw = file.read(4 * (EVIDENCE + 1) * facts["rows"])
            table = np.frombuffer(raw, "<f4").reshape(-1, EVIDENCE + 1)
            inside, known = table[:, -1] > 0, table[:, -1] >= 0
            near = np.abs(table[:, DEPTH]) < 2
            weight = np.zeros(len(table), np.float32)
            for part, most in ((inside, ROWS // 3), (known & ~inside & near, ROWS // 2), (known & ~inside & ~near, ROWS // 6)):
                places = np.flatnonzero(part)
                some = random.choice(places, most, replace=False) if len(places) > most else places
                weight[some] = len(places) / max(len(some), 1)
            some = np.flatnonzero(weight)
            kind = facts["kind"]
            if kind == "cortex":
                kind += " body" if facts["part"] == "body" else " elsewhere"
            yield kind, table[some, :-1], inside[some], weight[some]


class Data:
    def __init__(self, paths, random):
        runs = [(path.stem.split("-")[0], *run) for path in paths for run in runs_of(path, random) if run[2].any()]
        self.numbers = np.concatenate([r[2] for r in runs])
        self.inside = np.concatenate([r[3] for r in runs]).astype(np.float32)
        self.weight = np.concatenate([r[4] for r in runs])
        self.starts = np.cumsum([0] + [len(r[3]) for r in runs])
        patients, pairs = [r[0] for r in runs], [(r[0], r[1]) for r in runs]
        own = {p: patients.count(p) for p in set(patients)}
        same = {p: pairs.count(p) for p in set(pairs)}
        weight = lambda p: BOXES if p == "box" else 1.0
        counts = [weight(p) * min(KINDS[k] * own[p] / same[(p, k)], 4.0) / own[p] for p, k in pairs]
        self.counts = np.array(counts, np.float32) / np.mean(counts, dtype=np.float32)

    def __len__(self):
        return len(self.starts) - 1


def soft_dice(odds, inside, weight, starts, lengths, counts):
    """Dice of each run, and the slope of the loss to every voxel's log odds."""
    share = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    total = lambda v: np.add.reduceat(v, starts)
    spread = lambda v: np.repeat(v, lengths)
    own = np.maximum(total(weight * inside), 1)
    both, either = total(weight * share * inside), np.maximum(total(weight * share) + own, 1)
    slope = -weight * (2 * inside * spread(either) - 2 * spread(both)) / spread(either) ** 2 * share * (1 - share)
    slope += 0.5 / 3 * weight * (share - inside) / spread(own)
    return 2 * both / either, slope * spread(counts)


class Network:
    def __init__(self, data, random):
        sizes = (EVIDENCE, *HIDDEN, 1)
        self.mean, self.scale = data.numbers.mean(0), 1 / np.maximum(data.numbers.std(0), 0.15)
        start = lambda a, b: random.standard_normal((b, a)) * np.sqrt(2 / a) * (0.3 if b == 1 else 1)
        self.parts = [p.astype(np.float32) for a, b in zip(sizes, sizes[1:]) for p in (start(a, b), np.zeros(b))]
        self.first, self.second = ([np.zeros_like(p) for p in self.parts] for _ in range(2))
        self.steps = 0

    def odds(self, numbers):
        self.layers = [(numbers - self.mean) * self.scale]
        for n in range(0, len(self.parts), 2):
            sums = self.layers[-1] @ self.parts[n].T + self.parts[n + 1]
            self.layers.append(np.maximum(sums, 0) if n + 2 < len(self.parts) else sums)
        return self.layers[-1][:, 0]

    def step(self, slope, rate):
        slope, slopes = slope[:, None], []
        for n in range(len(self.parts) - 2, -1, -2):
            slopes = [slope.T @ self.layers[n // 2], slope.sum(0)] + slopes
            slope = (slope @ self.parts[n]) * (self.layers[n // 2] > 0)
        self.steps += 1
        for n, s in enumerate(slopes):
            self.first[n] = 0.9 * self.first[n] + 0.1 * s
            self.second[n] = 0.999 * self.second[n] + 0.001 * s * s
            mean, square = self.first[n] / (1 - 0.9 ** self.steps), self.second[n] / (1 - 0.999 ** self.steps)
            self.parts[n] -= np.float32(rate) * mean / (np.sqrt(square) + 1e-8)

    def file(self):
        """Numbers as the program reads them: scales within the first layer, weights by input, then by output."""
        weights = self.parts[0].astype(float) * self.scale
        parts = [weights, self.parts[1] - weights @ self.mean, *self.parts[2:-1], self.parts[-1] + LEAN]
        return np.concatenate([p.T.ravel() for p in parts]).astype("<f4")


def train(data, seed, epochs, batch=48, rate=3e-3):
    random = np.random.default_rng(seed)
    network, total = Network(data, random), epochs * -(-len(data) // batch)
    for _ in range(epochs):
        order = random.permutation(len(data))
        for some in np.split(order, range(batch, len(data), batch)):
            lengths = np.diff(data.starts)[some]
            rows = np.concatenate([np.arange(data.starts[r], data.starts[r + 1]) for r in some])
            starts = np.cumsum(lengths) - lengths
            odds = network.odds(data.numbers[rows])
            _, slope = soft_dice(odds, data.inside[rows], data.weight[rows], starts, lengths, data.counts[some])
            falling = rate * 0.5 * (1 + np.cos(np.pi * network.steps / total)) + 1e-5
            network.step((slope / len(some)).astype(np.float32), falling)
    return network


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="+", type=Path)
    parser.add_argument("--held-out", nargs="*", type=Path, default=[])
    parser.add_argument("-o", "--out", required=True, type=Path)
    parser.add_argument("--networks", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=24)
    options = parser.parse_args()
    data = Data(options.rows, np.random.default_rng(0))
    networks = [train(data, seed, options.epochs) for seed in range(1, options.networks + 1)]
    options.out.write_bytes(np.concatenate([n.file() for n in networks]).tobytes())
    for name, d in [("trained on", data)] + [(p.stem, Data([p], np.random.default_rng(0))) for p in options.held_out]:
        odds = np.mean([n.odds(d.numbers) for n in networks], 0) + LEAN
        dice, _ = soft_dice(np.where(odds > 0, 30.0, -30.0), d.inside, d.weight, d.starts[:-1], np.diff(d.starts), d.counts)
        print(f"{name}: {len(d)} runs, Dice {dice.mean():.4f} before what hangs apart is dropped")


if __name__ == "__main__":
    main()
