"""Words that a text encoder is taught (textual inversions)."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.sampling.batches import sample
from assetgen.diffusion.sampling.prompts import prompt_chunks
from assetgen.errors import InputError
from assetgen.events import ignore
from assetgen.images import Array
from assetgen.pack.schema import ModelCard
from assetgen.pack.weights import with_digests
from assetgen.parts import SourceJob

pytestmark = pytest.mark.model
Make = Callable[..., SourceJob]
Find = Callable[[str], ModelCard]
WIDTH = 32


def drawn(card: ModelCard, job: Make, prompt: str) -> Array:
    return next(sample([job(card, prompt=prompt)]))["color"].astype(int)


def taught(card: ModelCard, file: Path, token: str = "<castle>", **vectors: int) -> ModelCard:
    """The card with a word of so many vectors by the names of a file's tensors, with random numbers."""
    import torch
    from safetensors.torch import save_file

    chance = torch.Generator().manual_seed(0)
    save_file({name: torch.randn(size, WIDTH, generator=chance) * 3 for name, size in vectors.items()}, file)
    words = [*card.model_dump()["embeddings"], {"file": file, "token": token}]
    return ModelCard.model_validate({**card.model_dump(), "embeddings": words})


@pytest.mark.parametrize(
    ("name", "vectors"),
    [
        ("stable_diffusion", {"emb_params": 1}),
        ("stable_diffusion", {"emb_params": 3}),
        ("flux", {"clip_l": 2}),
        ("sdxl", {"clip_l": 1, "clip_g": 2}),
    ],
)
def test_a_textual_inversion_changes_the_image(
    tiny_of: Find, job: Make, tmp_path: Path, name: str, vectors: dict[str, int]
) -> None:
    card = tiny_of(name)
    known = taught(card, tmp_path / "castle.safetensors", "<castle>", **vectors)
    with_word, without = drawn(known, job, "a <castle>"), drawn(known, job, "a b")
    assert np.abs(with_word - without).max() >= 1
    assert np.abs(drawn(card, job, "a b") - without).max() <= 1


def test_a_token_of_several_vectors_counts_as_several(tiny: ModelCard, tmp_path: Path) -> None:
    known = taught(tiny, tmp_path / "castle.safetensors", emb_params=5)
    warm = warm_model(known, (), (), ignore)
    assert len(prompt_chunks(warm, "<castle> <castle>")) == 1
    assert len(prompt_chunks(warm, "<castle> <castle> <castle>")) == 2


def test_its_file_enters_keys_by_content(tiny: ModelCard, tmp_path: Path) -> None:
    for folder in "abc":
        (tmp_path / folder).mkdir()
    files = [tmp_path / folder / "castle.safetensors" for folder in "abc"]
    one, same, other = (
        with_digests(taught(tiny, file, emb_params=size)) for file, size in zip(files, (1, 1, 2), strict=True)
    )
    assert one.identity == same.identity
    assert one.identity != other.identity
    assert "embeddings" not in tiny.identity


@pytest.mark.parametrize("name", ["sd3", "pixart"])
def test_a_family_without_textual_inversions_refuses_one(tiny_of: Find, job: Make, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="this model family does not support textual inversions"):
        drawn(taught(tiny_of(name), tmp_path / "castle.safetensors", emb_params=1), job, "a <castle>")


def test_a_textual_inversion_for_another_model_is_refused(tiny: ModelCard, job: Make, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    known = taught(tiny, tmp_path / "castle.safetensors", emb_params=1)
    save_file({"emb_params": torch.ones(1, 7)}, tmp_path / "castle.safetensors")
    with pytest.raises(InputError, match="was made for another kind of model"):
        drawn(known, job, "a <castle>")


def test_a_token_loaded_twice_is_refused(tiny: ModelCard, job: Make, tmp_path: Path) -> None:
    once = taught(tiny, tmp_path / "a.safetensors", emb_params=1)
    error = r"the tokenizer already has the token '<castle>'. Give '.*b.safetensors' another `token:`"
    with pytest.raises(InputError, match=error):
        drawn(taught(once, tmp_path / "b.safetensors", emb_params=1), job, "a <castle>")


def test_a_lora_is_refused_as_a_textual_inversion(tiny: ModelCard, job: Make, tmp_path: Path) -> None:
    layers = {f"unet.{number}.lora_A.weight": 2 for number in range(3)}
    with pytest.raises(InputError, match=r"is not a textual inversion. Name a LoRA under `loras:`"):
        drawn(taught(tiny, tmp_path / "lora.safetensors", "<castle>", **layers), job, "a <castle>")


def test_a_textual_inversion_for_two_encoders_needs_both(tiny: ModelCard, job: Make, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"was made for another kind of model"):
        drawn(taught(tiny, tmp_path / "xl.safetensors", clip_l=1, clip_g=1), job, "a <castle>")
