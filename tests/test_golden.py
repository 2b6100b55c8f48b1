"""Recorded output of each step: a change must raise the part's version, or cached images would be wrong.

`python tests/test_golden.py` records the output again, after the version was raised.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.images import ImageSet
from assetgen.parts import Context, load_part
from assetgen.sources.fake import fake

FILE = Path(__file__).with_name("golden.json")
TOLERANCE = 1.0  # of 255, for the rounding of another processor
STEPS: dict[str, dict[str, Any]] = {
    "align": {},
    "bob": {},
    "clean_pixels": {"contrast": 0.5},
    "cutout": {},
    "delight": {},
    "emission": {"brightness": 0.6},
    "dissolve": {"pattern": "ordered"},
    "flash": {"strength": 0.5},
    "idle": {},
    "match_colors": {},
    "nine_slice": {"middle": "make"},
    "outline": {"width": 2, "color": "#203040"},
    "palette": {"colors": 6},
    "panel": {"border": 4, "radius": 6},
    "pbr_maps": {},
    "pixelate": {"cell": 4, "colors": 8},
    "pointer": {"shape": "hand"},
    "recolor": {"hue": "blue", "to": "orange"},
    "resize": {"scale": 0.5},
    "seamless": {},
    "shake": {},
    "spin": {},
    "sprite_normals": {},
    "squash_stretch": {},
    "trim": {"padding": 1},
    "upscale": {"factor": 2},
    "ui_states": {},
}


def drawn(name: str) -> ImageSet:
    images = fake(Context(), prompt="a red dragon", seed=3)
    if name in ("align", "match_colors", "outline", "sprite_normals", "trim") or load_part("step", name).adds_frames:
        cutout = load_part("step", "cutout")
        images = cutout.run(images, **dict(cutout.params()))
    if name == "clean_pixels":
        noise = np.random.default_rng(0).integers(0, 3, images["color"].shape).astype(np.uint8) * 20
        images = images.replace(color=noise).with_meta(pixel_art=True)
    if name == "align":
        images = load_part("step", "shake").run(images, distance=4)
    if name == "match_colors":
        images = load_part("step", "flash").run(images, color="#3060d0", strength=0.5)
    images = images.with_meta(tiles="xy") if name == "panel" else images
    part = load_part("step", name)
    made: ImageSet = part.run(images, **dict(part.params(**STEPS[name])))
    return made


def told(images: ImageSet) -> dict[str, list[float]]:
    """Each channel as the means of 4 × 4 fields, in 0..255."""
    facts = {}
    for name, array in images.channels.items():
        scale = 255 / (1 if array.dtype == np.float32 else np.iinfo(array.dtype).max)
        fields = [field for row in np.array_split(array, 4) for field in np.array_split(row, 4, axis=1)]
        facts[name] = [round(float(value) * scale, 1) for field in fields for value in field.mean(axis=(0, 1))]
    return facts


@pytest.mark.parametrize("name", sorted(STEPS))
def test_a_steps_output_changes_only_with_its_version(name: str) -> None:
    version, remembered = json.loads(FILE.read_text())[name]
    assert version == load_part("step", name).traits.version, f"run python {Path(__file__).name} and look at the change"
    made = told(drawn(name))
    assert made.keys() == remembered.keys()
    for channel, values in remembered.items():
        assert made[channel] == pytest.approx(values, abs=TOLERANCE), channel


def test_the_fake_source_is_unchanged() -> None:
    assert told(fake(Context(), prompt="x", seed=1)) == json.loads(FILE.read_text())["fake"]


def _write(step: Callable[[str], ImageSet]) -> None:
    golden: dict[str, Any] = {
        name: [load_part("step", name).traits.version, told(step(name))] for name in sorted(STEPS)
    }
    golden["fake"] = told(fake(Context(), prompt="x", seed=1))
    FILE.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    _write(drawn)
