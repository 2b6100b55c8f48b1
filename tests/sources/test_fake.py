"""The source `fake`: fast, deterministic, with seamless patterns."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from assetgen.images import Array, color_image
from assetgen.parts import Context, Control, load_part
from assetgen.pixels.image_files import encode_png
from assetgen.sources.fake import fake

HERE = Context()


def drawn(**words: Any) -> Array:
    return fake(HERE, **words)["color"].astype(int)


def test_it_accepts_every_argument_of_diffusion() -> None:
    fields = (load_part("source", name).params.model_fields for name in ("diffusion", "fake"))
    real, stand_in = ({name: info.annotation for name, info in each.items()} for each in fields)
    assert stand_in.keys() == real.keys() | {"hatched"}
    assert {name: stand_in[name] for name in real if name != "model"} == {n: a for n, a in real.items() if n != "model"}


def test_prompt_and_seed_alone_choose_the_drawing() -> None:
    assert (drawn(prompt="a cat", seed=1) == drawn(prompt="a cat", seed=1, steps=3, guidance=2.0)).all()
    assert (drawn(prompt="a cat", seed=1) != drawn(prompt="a cat", seed=2)).any()
    assert (drawn(prompt="a cat", seed=1) != drawn(prompt="a dog", seed=1)).any()


@pytest.mark.parametrize("seed", range(8))
def test_a_shape_is_on_a_white_background(seed: int) -> None:
    color = drawn(prompt="a thing", seed=seed, size=(96, 96))
    thing = (color != 255).any(axis=2)
    assert 0.1 < thing.mean() < 0.7
    assert not thing[[0, -1]].any() and not thing[:, [0, -1]].any()


@pytest.mark.parametrize("tile", ["x", "y", "xy"])
@pytest.mark.parametrize("seed", range(4))
def test_a_pattern_is_as_smooth_across_its_border_as_inside(tile: str, seed: int) -> None:
    images = fake(HERE, prompt="stone", seed=seed, tile=tile, size=(64, 48))  # type: ignore[arg-type]
    color = images["color"].astype(int)
    for axis in (0, 1):
        inside = np.abs(np.diff(color, axis=axis)).max()
        assert np.abs(color.take(0, axis) - color.take(-1, axis)).max() <= inside + 1
    assert images.meta.tiles == tile


def test_the_image_has_the_requested_size() -> None:
    assert fake(HERE, size=(40, 24)).size == (40, 24)
    assert fake(HERE, scale=(4.0, 1.0), tile="x").size == (512, 128)


def test_a_dark_control_darkens() -> None:
    night = Control("depth", color_image(np.zeros((16, 16, 3), np.uint8)))
    assert fake(Context(controls=(night,)), seed=1)["color"].mean() < fake(HERE, seed=1)["color"].mean() - 50


def test_an_image_is_blended_in_and_a_mask_keeps_it(tmp_path: Path) -> None:
    for name, color in (("green.png", [0, 200, 0]), ("mask.png", [0, 0, 0])):
        (tmp_path / name).write_bytes(encode_png(np.full((16, 16, 3), color, np.uint8)))
    files = {"image": tmp_path / "green.png", "mask": tmp_path / "mask.png"}
    given = dict(load_part("source", "fake").params.model_validate(files))
    assert (drawn(size=(16, 16), image=given["image"], mask=given["mask"]) == [0, 200, 0]).all()
    near, far = (drawn(image=given["image"], strength=strength)[0, 0] for strength in (0.1, 0.9))
    assert near[0] < far[0]


def test_a_wrong_argument_is_refused() -> None:
    with pytest.raises(ValidationError, match="tile"):
        load_part("source", "fake").params.model_validate({"tile": "z"})


def test_a_drawing_takes_under_three_thousandths_of_a_second() -> None:
    def seconds(seed: int) -> float:
        started = time.thread_time()
        fake(HERE, prompt="a cat", seed=seed, size=(128, 128))
        return time.thread_time() - started

    assert min(map(seconds, range(20))) < 0.003


def test_it_loads_neither_torch_nor_diffusers() -> None:
    code = (
        "import sys, assetgen.sources.fake, assetgen.sources.diffusion; print({'torch', 'diffusers'} & {*sys.modules})"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


@pytest.mark.parametrize("tile", ["", "xy"])
def test_hatched_drawings_have_dark_stripes_and_the_same_background(tile: str) -> None:
    plain, hatched = (
        fake(Context(), prompt="x", size=(64, 64), tile=tile, hatched=each).channels["color"].astype(int)
        for each in (None, True)
    )
    assert (hatched <= plain).all()
    assert 0.2 < (hatched.sum(axis=2) < plain.sum(axis=2)).mean() / (plain.min(axis=2) < 255).mean() < 0.4
