"""Measure the check `content`, and `prompt_match`, on pictures of the embedded models that were judged by eye.

    python tests/bench/content/measure.py [--art DATA] [--fit]

Prints AUC, and how many good and bad pictures are rejected, overall and by cause. `--art` adds false alarms on drawn
game art: DATA has `index.jsonl.gz`, a line of JSON for each picture with `group`, `captions` and where its file is
(`file`, `off`, `len`). `--fit` fits the weights of `assetgen/checks/_smears.py` to the art and the pictures, prints
them, and cross-validates.
"""

import argparse
import gzip
import io
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.optimize import minimize

from assetgen.checks._smears import ONE_PIECE
from assetgen.checks._traits import cells_of, traits_of
from assetgen.checks.content import content, names_several
from assetgen.checks.prompt_match import prompt_match
from assetgen.images import Array, color_image
from assetgen.parts import Verdict
from assetgen.pixels.image_files import read_image

FOLDER = Path(__file__).parent
CONTRAST = {"sprite": 0.003, "texture": 0.003, "picture": 0.03}
CAUSES = ("pieces", "torn", "smear", "blob", "dark", "wrong thing")
SEEN = ("pieces", "torn", "smear")
"""Causes that show in the traits."""
ART, SPREAD, FOLDS = 0.5, 0.002, 8
"""Weight of the art against the pictures, penalty of the weights, parts of the cross-validation."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Labelled:
    """A picture and what an eye found: good, or bad because of `causes`."""

    color: Array
    kind: str
    prompt: str
    good: bool
    causes: tuple[str, ...] = ()

    def verdict(self) -> Verdict:
        """What `content` finds, with the arguments of the presets."""
        return content(color_image(self.color), prompt=self.prompt, contrast=CONTRAST[self.kind])


def labelled() -> list[Labelled]:
    """The pictures of this folder."""
    sheets = {path.stem: read_image(path) for path in FOLDER.glob("*.png")}
    found = []
    for entry in json.loads((FOLDER / "labels.json").read_text()):
        left, top, width, height = entry["box"]
        color = sheets[entry["sheet"]][top : top + height, left : left + width]
        color = color if entry["kind"] == "sprite" else color[..., :3]
        found.append(Labelled(color, entry["kind"], entry["prompt"], entry["good"], tuple(entry["causes"])))
    return found


def art(folder: Path) -> list[tuple[Labelled, bool]]:
    """Drawn game art; True where it is held out: one in fifty, by a hash of its bytes."""
    found = []
    kinds = {"sprite": "sprite", "texture": "texture", "scene": "picture"}
    for number, line in enumerate(gzip.decompress((folder / "index.jsonl.gz").read_bytes()).splitlines()):
        record = json.loads(line)
        with (folder / record["file"]).open("rb") as file:
            file.seek(record["off"])
            blob = file.read(record["len"])
        held_out = (zlib.crc32(blob) << 32 | zlib.adler32(blob)) % 9973 % 50 == 7
        if not record["captions"] or not (held_out or number % 8 == 0):
            continue
        picture = Image.open(io.BytesIO(blob)).convert("RGBA" if record["group"] == "sprite" else "RGB")
        prompt = record["captions"][0].split(" of ", 1)[-1]
        found.append((Labelled(np.asarray(picture), kinds[record["group"]], prompt, good=True), held_out))
    return found


def auc(good: Floats, bad: Floats) -> float:
    """How often a good picture has the higher value."""
    return float(np.mean([(good > value).mean() + (good == value).mean() / 2 for value in bad]))


def report(pictures: list[Labelled]) -> None:
    """Print the table."""
    for kind in CONTRAST:
        some = [each for each in pictures if each.kind == kind]
        verdicts = [each.verdict() for each in some]
        good, failed = np.array([each.good for each in some]), np.array([not verdict.passed for verdict in verdicts])
        precision = (failed & ~good).sum() / max(failed.sum(), 1)
        print(f"{kind}: {good.sum()} good, {(~good).sum()} bad; rejected {(failed & good).sum()} good and", end=" ")
        print(f"{(failed & ~good).sum()} bad: precision {precision:.2f}, recall {failed[~good].mean():.2f}")
        if kind == "sprite":
            _by_cause(some, verdicts, good, failed)


def _by_cause(some: list[Labelled], verdicts: list[Verdict], good: Any, failed: Any) -> None:
    quality = np.array([verdict.quality or 0 for verdict in verdicts])
    match = np.array([prompt_match(color_image(each.color), prompt=each.prompt).quality or 0 for each in some])
    print("  cause         number  rejected  AUC: content  prompt_match  both")
    for cause in ("all", *CAUSES):
        bad = np.array([not each.good and (cause == "all" or cause in each.causes) for each in some])
        values = [auc(each[good], each[bad]) for each in (quality, match, quality + match)]
        print(f"  {cause:14}{bad.sum():6}{failed[bad].mean():10.2f}{values[0]:14.2f}{values[1]:14.2f}{values[2]:6.2f}")
    order = np.random.default_rng(0).permutation(len(some))
    other = [
        prompt_match(color_image(each.color), prompt=some[k].prompt).quality or 0
        for each, k in zip(some, order, strict=True)
    ]
    wins = match > np.array(other)
    print(f"  prompt_match prefers the own prompt to a shuffled one: good {wins[good].mean():.2f}, bad", end=" ")
    print(f"{wins[~good].mean():.2f}")
    pairs = [
        (i, j) for i, a in enumerate(some) for j, b in enumerate(some) if a.prompt == b.prompt and a.good and not b.good
    ]
    for name, values in (("content", quality), ("prompt_match", match), ("both", quality + match)):
        right = np.mean([values[i] > values[j] for i, j in pairs])
        print(
            f"  of {len(pairs)} pairs of a good and a bad picture of one prompt, {name} prefers the good: {right:.2f}"
        )


def false_alarms(drawn: list[tuple[Labelled, bool]]) -> None:
    """Print the share of drawn art that is rejected."""
    for kind in CONTRAST:
        for held_out in (True, False):
            failed = [not each.verdict().passed for each, out in drawn if each.kind == kind and out == held_out]
            print(f"{kind}, {'held out' if held_out else 'others'}: {np.mean(failed):.3f} of {len(failed)} rejected")


def fit(pictures: list[Labelled], drawn: list[tuple[Labelled, bool]]) -> None:
    """Fit and print the weights, and the cross-validated share of rejected pictures by the limit."""
    some = [each for each in pictures if each.kind == "sprite"]
    real = [each for each, held_out in drawn if each.kind == "sprite" and not held_out]
    names, own, x = (*_table(some), _table(real)[1])
    mean, deviation = x.mean(axis=0), x.std(axis=0) + 1e-3
    own, x = (np.clip((each - mean) / deviation, -3, 3) for each in (own, x))
    bad = np.array([not each.good for each in some])
    seen = np.array([bool(set(each.causes) & set(SEEN)) for each in some])
    folds, out = np.random.default_rng(0).permutation(len(some)) % FOLDS, np.zeros(len(some))
    for fold in range(FOLDS):
        used = (folds != fold) & (seen | ~bad)
        weights = _regression(own[used], bad[used], x)
        out[folds == fold] = _likelihood(own[folds == fold], weights)
    weights = _regression(own[seen | ~bad], bad[seen | ~bad], x)
    print(
        f"cross-validated AUC: {auc(-out[~bad], -out[seen]):.3f} of causes that show, {auc(-out[~bad], -out[bad]):.3f}"
    )
    faulty = [np.array([_other_fault(each) for each in group]) for group in (some, real)]
    for limit in np.arange(0.5, 1, 0.02):
        failed, alarms = (out > limit) | faulty[0], (_likelihood(x, weights) > limit) | faulty[1]
        print(
            f"limit {limit:.2f}: {failed[~bad].mean():.3f} of the good, {failed[bad].mean():.3f} of the bad,", end=" "
        )
        print(f"{failed[seen].mean():.3f} of those that show, {alarms.mean():.3f} of the art")
    print(f"_INTERCEPT = {weights[0]:.3f}")
    for name, *row in zip(names, mean, deviation, weights[1:], strict=True):
        print(f'    "{name}": ({row[0]:.3f}, {row[1]:.3f}, {row[2]:.3f}),')


def _other_fault(picture: Labelled) -> bool:
    """Whether it fails for another reason than a smear."""
    verdict = picture.verdict()
    return not verdict.passed and not verdict.reason.startswith(("it is torn", "it is a smear"))


def _table(pictures: list[Labelled]) -> tuple[list[str], Floats]:
    found = [traits_of(*cells_of(each.color)) for each in pictures]
    several = [names_several(each.prompt) for each in pictures]
    names = list(next(each for each in found if each))
    table = np.array([[row[name] if row else np.nan for name in names] for row in found], float)
    for number, plural in enumerate(several):
        if plural:
            table[number, : len(ONE_PIECE)] = list(ONE_PIECE.values())
    return names, np.where(np.isnan(table), np.nanmean(table, axis=0), table)


def _likelihood(x: Floats, weights: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x @ weights[1:] - weights[0])))


def _regression(own: Floats, bad: Any, real: Floats) -> Floats:
    """Logistic regression: good and bad pictures weigh 1 each, all art `ART`."""
    x, sign = np.concatenate([own, real]), np.concatenate([np.where(bad, 1.0, -1.0), -np.ones(len(real))])
    weight = np.concatenate([np.where(bad, 1 / bad.sum(), 1 / (~bad).sum()), np.full(len(real), ART / len(real))])
    weight /= weight.sum()

    def loss(w: Floats) -> tuple[float, Floats]:
        z = sign * (x @ w[1:] + w[0])
        slope = -weight * sign / (1 + np.exp(z))
        value = (weight * np.logaddexp(0, -z)).sum() + SPREAD * (w[1:] ** 2).sum()
        return float(value), np.concatenate([[slope.sum()], x.T @ slope + 2 * SPREAD * w[1:]])

    return np.asarray(minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B").x)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--art", type=Path)
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    found = art(arguments.art) if arguments.art else []
    if arguments.fit:
        fit(labelled(), found)
    report(labelled())
    if found:
        false_alarms(found)
