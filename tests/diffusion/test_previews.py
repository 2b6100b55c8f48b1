"""Previews of unfinished images: a linear map from latents to colours, learned from decoded images."""

import numpy as np
import pytest

from assetgen.diffusion.sampling.latent_colors import LatentColors, packed_colors, read_colors


@pytest.mark.parametrize("detail", [1, 4])
def test_a_linear_decoder_is_learned_and_read_again(tmp_path: object, detail: int) -> None:
    random = np.random.default_rng(1)
    decoder = random.uniform(-0.1, 0.1, (4, detail * detail * 3))
    colors = LatentColors(np.zeros((5, 5)), np.zeros((5, detail * detail * 3)), detail)
    for _ in range(3):
        latents = random.standard_normal((4, 8, 6))
        colors.learn(latents, decoded(latents, decoder, detail))
    latents = random.standard_normal((4, 8, 6)) * 0.9
    expected = decoded(latents, decoder, detail)[::2, ::2]
    assert np.abs(colors.colored(latents).astype(int) - expected).max() <= 6
    file = tmp_path / "colors.json"  # type: ignore[operator]
    file.write_bytes(packed_colors(colors))
    again = read_colors(file)
    assert again and np.array_equal(again.colored(latents), colors.colored(latents))
    file.write_bytes(b"{")
    assert read_colors(file) is None


def decoded(latents: np.ndarray, decoder: np.ndarray, detail: int) -> np.ndarray:
    """An image of two pixels for each part of a cell."""
    parts = np.einsum("chw,cp->hwp", latents, decoder) + 0.5
    height, width = latents.shape[1:]
    image = parts.reshape(height, width, detail, detail, 3).transpose(0, 2, 1, 3, 4)
    image = image.reshape(height * detail, width * detail, 3).repeat(2, 0).repeat(2, 1)
    return np.asarray(np.clip(np.rint(image * 255), 0, 255), np.uint8)
