"""Train the encoders of the check `prompt_match`, and measure them on pictures that they were not trained on.

    python tests/bench/likeness.py DATA [--seconds 1500]

DATA has `index.jsonl.gz`: a line of JSON for each picture with its `group`, `captions` and where its PNG is (`file`,
`off`, `len`). One picture in fifty, by a hash of its bytes, is held out. Prints, for the held-out pictures of each
group, the mean share of the captions of other pictures that fit better (0.5 is chance), and writes the encoders.
"""

import argparse
import gzip
import io
import json
import math
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from assetgen.checks._likeness import small_picture, word_features

TARGET = Path(__file__).parents[2] / "assetgen/weights/likeness/encoders.npz"
GROUPS = {"sprite": 1.6, "texture": 1.0, "scene": 0.6}
"""Groups and how often their pictures are shown."""
WIDTHS, SIZE, BATCH, RATE, OTHERS = (24, 48, 96, 160), 96, 256, 2e-3, 256


class Residual(nn.Module):
    """Two convolutions with batch normalisation beside one of a single pixel."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.a, self.na = nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after)
        self.b, self.nb = nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after)
        self.skip, self.nskip = nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.nb(self.b(F.relu(self.na(self.a(x))))) + self.nskip(self.skip(x)))


class Encoders(nn.Module):
    """Pictures `N×4×32×32` in -1..1 and word features `N×128` to unit vectors of one space."""

    def __init__(self, features: Tensor) -> None:
        super().__init__()
        self.stem = nn.Conv2d(4, WIDTHS[0], 3, 2, 1)
        self.blocks = nn.Sequential(*(Residual(WIDTHS[k], WIDTHS[k + 1], (1, 2, 2)[k]) for k in range(3)))
        self.out = nn.Linear(WIDTHS[3], SIZE)
        self.text = nn.Sequential(nn.Linear(features.shape[1], 256), nn.GELU(), nn.Dropout(0.1), nn.Linear(256, SIZE))
        self.mean, self.deviation = features.mean(0), features.std(0) + 1e-3
        self.scale = nn.Parameter(torch.tensor(2.6))

    def pictures(self, x: Tensor) -> Tensor:
        return F.normalize(self.out(self.blocks(F.relu(self.stem(x))).mean((2, 3))), dim=1)

    def words(self, x: Tensor) -> Tensor:
        return F.normalize(self.text((x - self.mean) / self.deviation), dim=1)


class Data:
    """All pictures, small, with the features of each of their captions, and which are held out."""

    def __init__(self, folder: Path) -> None:
        records = [json.loads(line) for line in gzip.decompress((folder / "index.jsonl.gz").read_bytes()).splitlines()]
        self.records = [each for each in records if each["group"] in GROUPS and each["captions"]]
        blobs = [_read(folder, each) for each in self.records]
        pictures = (np.asarray(Image.open(io.BytesIO(blob)).convert("RGBA")) for blob in blobs)
        self.x = torch.from_numpy(np.stack([small_picture(each) for each in pictures])).permute(0, 3, 1, 2)
        self.held_out = torch.tensor([zlib.crc32(blob) % 50 == 7 for blob in blobs])
        self.group = [each["group"] for each in self.records]
        texts: dict[str, int] = {}
        self.rows = [[texts.setdefault(text, len(texts)) for text in _forms(each)] for each in self.records]
        self.texts = list(texts)
        self.words = torch.from_numpy(np.stack([_features(text) for text in texts]))

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures, flipped, moved and softened as samplers draw them; and a caption of each."""
        x = self.x[index]
        x = torch.where((torch.rand(len(x)) < 0.5)[:, None, None, None], x.flip(3), x)
        edge = F.pad(x, (3, 3, 3, 3), value=1.0)
        edge[:, 3] = F.pad(x[:, 3], (3, 3, 3, 3))
        down, right = torch.randint(0, 7, (2,)).tolist()
        x = edge[:, :, down : down + 32, right : right + 32]
        soft = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
        x = torch.where((torch.rand(len(x)) < 0.35)[:, None, None, None], (x + soft) / 2, x)
        x = (x + torch.randn(len(x), 1, 1, 1) * 0.04 + torch.randn_like(x) * 0.01).clamp(0, 1)
        rows = torch.tensor([self.rows[k][int(torch.randint(len(self.rows[k]), (1,)))] for k in index.tolist()])
        return x * 2 - 1, rows


def _read(folder: Path, record: dict[str, Any]) -> bytes:
    with (folder / record["file"]).open("rb") as file:
        file.seek(record["off"])
        return file.read(record["len"])


def _forms(record: dict[str, Any]) -> list[str]:
    """Its captions; without the style, as users write; and the thing alone."""
    found: dict[str, None] = {}
    for caption in record["captions"]:
        plain = caption.split(" of ", 1)[-1]
        found |= dict.fromkeys((caption, plain, plain.split(",")[0]))
    return list(found)


def _features(text: str) -> Any:
    found = word_features(text)
    return np.zeros(128, np.float32) if found is None else found


def train(model: Encoders, data: Data, seconds: float) -> None:
    """Symmetric cross entropy over batches (CLIP, Radford et al. 2021); equal captions are no counter-examples."""
    index = (~data.held_out).nonzero()[:, 0]
    weight = torch.tensor([GROUPS[data.group[k]] for k in index.tolist()])
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.02)
    started, step = time.monotonic(), 0
    while (spent := (time.monotonic() - started) / seconds) < 1:
        x, rows = data.batch(index[torch.multinomial(weight, BATCH)])
        words = model.words(data.words[rows] + torch.randn(BATCH, 128) * 0.15 * model.deviation)
        same = (rows[:, None] == rows[None]).fill_diagonal_(False)
        fit = (model.scale.clamp(max=4).exp() * model.pictures(x) @ words.T).masked_fill(same, -1e4)
        target = torch.arange(BATCH)
        loss = (F.cross_entropy(fit, target) + F.cross_entropy(fit.T, target)) / 2
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 100) * max(0.02, (1 + math.cos(math.pi * spent)) / 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        if step % 100 == 0:
            print(f"{step * BATCH} pictures, loss {loss.item():.3f}", flush=True)


@torch.no_grad()
def measure(model: Encoders, data: Data) -> None:
    """The mean share of captions of other held-out pictures of the group that fit a picture better than its own."""
    model.eval()
    for name in GROUPS:
        index = [k for k in data.held_out.nonzero()[:, 0].tolist() if data.group[k] == name]
        rows = [data.rows[k][min(1, len(data.rows[k]) - 1)] for k in index]
        fit = model.pictures(data.x[index] * 2 - 1) @ model.words(data.words[rows]).T
        share = (fit > fit.diag()[:, None]).float().mean()
        print(f"{name}: {len(index)} pictures, {share:.3f} of the other captions fit better")


@torch.no_grad()
def save(model: Encoders, data: Data) -> None:
    """Write the weights in 16 bits, batch normalisation folded into the convolutions."""
    out = {"stem": model.stem.weight, "stem_bias": model.stem.bias, "out": model.out.weight, "out_bias": model.out.bias}
    for number, block in enumerate(model.blocks):
        for name in ("a", "b", "skip"):
            norm = getattr(block, f"n{name}")
            factor = norm.weight / (norm.running_var + norm.eps).sqrt()
            out[f"{name}{number}"] = getattr(block, name).weight * factor[:, None, None, None]
            out[f"{name}{number}_bias"] = norm.bias - norm.running_mean * factor
    for number, layer in enumerate((model.text[0], model.text[3])):
        out |= {f"text{number}": layer.weight, f"text{number}_bias": layer.bias}
    chosen = torch.randperm(len(data.rows), generator=torch.Generator().manual_seed(0))[:OTHERS]
    names = [data.rows[k][min(2, len(data.rows[k]) - 1)] for k in chosen.tolist()]
    out |= {"mean": model.mean, "deviation": model.deviation, "others": model.words(data.words[names])}
    TARGET.parent.mkdir(exist_ok=True)
    np.savez_compressed(TARGET, **{name: value.numpy().astype(np.float16) for name, value in out.items()})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seconds", type=float, default=1500)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    found = Data(arguments.data)
    encoders = Encoders(found.words)
    train(encoders, found, arguments.seconds)
    measure(encoders, found)
    save(encoders, found)
