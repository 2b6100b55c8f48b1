"""Every part on extreme images: it returns a valid result or refuses the image in one sentence, without a warning."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from assetgen.errors import AssetgenError
from assetgen.images import Array, ImageSet, Meta, color_image
from assetgen.parts import InputFile, Part, Verdict, hub_files, load_part, part_names
from assetgen.pixels.image_files import encode_png

REQUIRED = {
    "palette": {"colors": 4}, "resize": {"size": (5, 3)}, "picture": {"kind": "canny"}, "pixelate": {"grid": 3},
    "recolor": {"hue": "red", "to": "blue", "tolerance": 180}, "emission": {"brightness": 0.6},
}  # fmt: skip
"""Arguments of parts that have no defaults for them, or do little with their defaults."""


def pictures() -> dict[str, Array]:
    """Images of few pixels, one tone or no content, with 3 and 4 channels."""
    checkers = np.indices((16, 16)).sum(axis=0)[..., None] % 2 * 255
    spot = np.zeros((16, 16, 4))
    spot[5, 9] = 255
    clear = np.full((16, 16, 4), 90)
    clear[..., 3] = 0
    found = {
        "1x1": np.full((1, 1, 3), 70), "1x1 clear": np.zeros((1, 1, 4)), "1x7": np.arange(21).reshape(7, 1, 3),
        "7x1": np.arange(28).reshape(1, 7, 4), "2x2": np.arange(12).reshape(2, 2, 3) * 20, "clear": clear,
        "black": np.zeros((16, 16, 3)), "white": np.full((16, 16, 3), 255), "opaque white": np.full((16, 16, 4), 255),
        "red": np.full((16, 16, 3), (200, 0, 0)), "spot": spot, "checkers": np.repeat(checkers, 3, axis=2),
        "faint": np.full((16, 16, 4), 1),
    }  # fmt: skip
    return {name: array.astype(np.uint8) for name, array in found.items()}


def image_sets() -> Iterator[ImageSet]:
    """Each picture with 8 bits, 16 bits and floats, as tile and as sprite, and with maps of 16 bits."""
    for color in pictures().values():
        for meta in (Meta(), Meta(tiles="xy"), Meta(pixel_art=True, pivot=(0.5, 1.0))):
            yield ImageSet({"color": color}, meta)
        yield color_image(color.astype(np.uint16) * 257)
        yield color_image(color.astype(np.float32) / 255)
        grey = color[..., :1].astype(np.uint16) * 257
        flat = np.broadcast_to(np.array([32768, 32768, 65535], np.uint16), (*grey.shape[:2], 3))
        yield ImageSet({"color": color, "height": grey, "normal": flat, "roughness": grey})


def each(kind: str) -> list[str]:
    return list(part_names(kind))  # type: ignore[arg-type]


def tried(part: Part, run: Callable[[], object]) -> object:
    """What a part returns, or None where it refuses the image in one sentence."""
    try:
        return run()
    except AssetgenError as error:
        assert "\n" not in str(error) and "broke" not in str(error)
        return None


def arguments(part: Part) -> dict[str, object]:
    given = part.params.model_validate(REQUIRED.get(part.name, {}))
    return {name: getattr(given, name) for name in type(given).model_fields}


def check_images(result: object) -> None:
    """Valid pixels: finite floats in 0..1, channels of one size."""
    assert isinstance(result, ImageSet)
    for array in result.channels.values():
        assert array.shape[1::-1] == result.size
        assert array.dtype != np.float32 or (np.isfinite(array).all() and 0 <= array.min() <= array.max() <= 1)


@pytest.mark.parametrize("name", each("step"))
def test_a_step_returns_valid_images_or_refuses(name: str) -> None:
    part = load_part("step", name)
    results = [tried(part, lambda images=images: part.run(images, **arguments(part))) for images in image_sets()]
    for result in results:
        if result is not None:
            check_images(result)
    assert any(result is not None for result in results)


@pytest.mark.parametrize("name", each("check"))
def test_a_check_returns_a_finite_score_or_refuses(name: str) -> None:
    part = load_part("check", name)
    for images in image_sets():
        verdict = tried(part, lambda images=images: part.run(images, **arguments(part)))
        assert verdict is None or (isinstance(verdict, Verdict) and np.isfinite(verdict.score))


@pytest.mark.parametrize("name", each("exporter"))
def test_an_exporter_returns_files_or_refuses(name: str) -> None:
    part = load_part("exporter", name)
    for images in image_sets():
        files = tried(part, lambda images=images: part.run(images, "a", **arguments(part)))
        assert files is None or all(isinstance(content, bytes) for content in files.values())  # type: ignore[attr-defined]


def image_controls() -> list[str]:
    """The controls that read an image and need no weights."""
    parts = [load_part("control", name) for name in each("control")]
    return [part.name for part in parts if "image" in part.params.model_fields and not hub_files(part)]


@pytest.mark.parametrize("name", image_controls())
@pytest.mark.parametrize("deep", [False, True], ids=["8 bits", "16 bits"])
def test_a_control_draws_a_valid_image_or_refuses(name: str, deep: bool, tmp_path: Path) -> None:
    part = load_part("control", name)
    for index, color in enumerate(pictures().values()):
        path = tmp_path / f"{index}.png"
        path.write_bytes(encode_png(color.astype(np.uint16) * 257 if deep else color))
        given = {"image": InputFile.model_validate(path), "size": (64, 48), **REQUIRED.get(name, {})}
        given = {key: value for key, value in given.items() if key in part.params.model_fields}
        inputs = ("cpu",) if part.takes_device else ()
        result = tried(part, lambda given=given, inputs=inputs: part.run(*inputs, **given))
        if result is not None:
            check_images(result)
