"""`upscale` with tiny ESRGAN networks of random weights. That proves what goes into a network and what is made of its
output; not how well a published network draws."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.families import get_family
from assetgen.diffusion.loading.detectors import import_alone
from assetgen.errors import InputError
from assetgen.images import Array, ImageSet, color_image
from assetgen.pack.schema import ModelCard
from assetgen.steps.upscale import upscale

IMAGE = np.random.default_rng(0).integers(0, 256, (24, 40, 3)).astype(np.uint8)


def card(file: Path, side: int = 64, family: str = "super_resolution") -> ModelCard:
    weights = {"model": "tiny", "family": family, "weights": {"file": file}, "licence": "MIT", "native": [side, side]}
    return ModelCard.model_validate(weights)


@pytest.fixture(scope="module")
def esrgan(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An ESRGAN that doubles the size, and its file."""
    torch, file = pytest.importorskip("torch"), tmp_path_factory.mktemp("esrgan") / "tiny.safetensors"
    torch.manual_seed(0)
    network = import_alone("spandrel", "architectures.ESRGAN").ESRGAN(num_filters=8, num_blocks=2, scale=2)
    pytest.importorskip("safetensors.torch").save_file(network.state_dict(), file)
    return network.eval(), file


def enlarged(images: ImageSet, network: ModelCard, factor: Any = 2) -> Array:
    return upscale(images, "cpu", factor=factor, network=network)["color"]


def test_the_result_is_that_of_the_network(esrgan: Any) -> None:
    network, file = esrgan
    torch = pytest.importorskip("torch")
    wide = np.pad(IMAGE, ((16, 16), (16, 16), (0, 0)), mode="symmetric").transpose(2, 0, 1)[None] / np.float32(255)
    with torch.inference_mode():
        expected = network(torch.from_numpy(wide))[0].numpy().transpose(1, 2, 0)[32:-32, 32:-32]
    assert np.ptp(expected) > 0.02
    np.testing.assert_array_equal(enlarged(color_image(IMAGE), card(file)), np.rint(expected.clip(0, 1) * 255))


def test_windows_leave_no_seam(esrgan: Any) -> None:
    whole, windows = (enlarged(color_image(IMAGE), card(esrgan[1], side)).astype(int) for side in (64, 16))
    assert np.abs(whole - windows).max() <= 1


def test_a_rolled_tile_gives_a_rolled_result(esrgan: Any) -> None:
    once, rolled = (
        enlarged(color_image(each, tiles="xy"), card(esrgan[1])).astype(int)
        for each in (IMAGE, np.roll(IMAGE, (7, 21), (0, 1)))
    )
    assert np.abs(np.roll(once, (14, 42), (0, 1)) - rolled).max() <= 1


def test_another_factor_is_resized_and_other_channels_follow(esrgan: Any) -> None:
    images = ImageSet({"color": IMAGE, "height": np.full((24, 40, 1), 40000, np.uint16)})
    after = upscale(images, "cpu", factor=3, network=card(esrgan[1]))
    assert after.size == (120, 72) and after["color"].dtype == np.uint8 and (after["height"] == 40000).all()


def test_transparent_colours_do_not_matter(esrgan: Any) -> None:
    alpha = np.where(np.indices((24, 40))[1] < 20, 255, 0).astype(np.uint8)[..., None]
    loud = np.where(alpha > 0, IMAGE, [0, 255, 0]).astype(np.uint8)
    quiet = np.where(alpha > 0, IMAGE, 0).astype(np.uint8)
    made = [enlarged(color_image(np.concatenate([each, alpha], axis=2)), card(esrgan[1])) for each in (loud, quiet)]
    np.testing.assert_array_equal(*made)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("tiny.pth", b"\x80\x04.", "is a pickle"),
        ("empty.safetensors", b"", "empty.safetensors"),
        ("other.safetensors", None, "no architecture that is supported"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    file, ones = tmp_path / name, np.ones((2, 2), np.float32)
    file.write_bytes(pytest.importorskip("safetensors.numpy").save({"linear": ones}) if content is None else content)
    with pytest.raises(InputError, match=said):
        enlarged(color_image(IMAGE), card(file))


def test_models_of_other_families_are_refused_here_and_these_elsewhere(esrgan: Any) -> None:
    with pytest.raises(InputError, match="enlarges no images: its family is 'sdxl'"):
        enlarged(color_image(IMAGE), card(esrgan[1], family="sdxl"))
    with pytest.raises(InputError, match="enlarge images, and draw none"):
        get_family("super_resolution")
