"""The arguments of `diffusion`: validation, batching and cache keys."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from assetgen.pack.library import load_pack
from assetgen.pack.recipe import identity_json
from assetgen.pack.resolve import resolve_pack
from assetgen.pack.schema import ModelCard
from assetgen.parts import Part, load_part

CARD = ModelCard.model_validate(
    {
        "model": "some",
        "family": "sdxl",
        "weights": {"folder": "somewhere"},
        "licence": "MIT",
        "native": (64, 32),
        "defaults": {"steps": 7, "guidance": 2.0},
    }
)


@pytest.fixture
def source() -> Part:
    return load_part("source", "diffusion")


def batch_key(source: Part, controls: tuple[tuple[str, float, float, float], ...] = (), **words: Any) -> Any:
    valid = source.params.model_validate({"model": CARD, "prompt": "a cat", **words})
    assert source.traits.batch
    return source.traits.batch.batch_key(dict(valid), controls)


@pytest.mark.parametrize(
    "words",
    [{"tile": "z"}, {"steps": 0}, {"size": (4, 4)}, {"seed": -1}, {"strength": 0}, {"guidance": 99}, {"sampler": "x"}],
)
def test_wrong_arguments_are_refused(source: Part, words: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        source.params.model_validate({"model": CARD, "prompt": "a cat", **words})


def test_prompts_seeds_guidance_and_strengths_vary_within_a_batch(source: Part) -> None:
    one = batch_key(source, (("depth", 1.0, 0.0, 1.0),))
    other = batch_key(source, (("depth", 0.5, 0.2, 0.9),), prompt="a dog", negative="fog", seed=4, guidance=6.0)
    assert one == other


@pytest.mark.parametrize(
    "words",
    [
        {"steps": 8},
        {"tile": "x"},
        {"size": (64, 64)},
        {"guidance": 1.0},
        {"model": CARD.model_copy(update={"model": "b"})},
    ],
)
def test_shape_steps_tiling_model_and_doing_without_guidance_do_not(source: Part, words: dict[str, Any]) -> None:
    assert batch_key(source, **words) != batch_key(source)


def test_kinds_of_control_do_not_mix(source: Part) -> None:
    assert batch_key(source, (("depth", 1.0, 0.0, 1.0),)) != batch_key(source)


def test_the_card_provides_defaults(source: Part) -> None:
    assert batch_key(source, steps=7, size=(64, 32)) == batch_key(source)
    assert batch_key(source, scale=(2.0, 1.0)) == batch_key(source, size=(128, 32))


def test_a_lora_enters_keys_by_content_not_by_path(source: Part, tmp_path: Path) -> None:
    files = [tmp_path / "one.safetensors", tmp_path / "other.safetensors"]
    for file in files:
        file.write_bytes(b"same")
    words = [{"model": CARD, "prompt": "", "loras": [{"file": file}]} for file in files]
    one, other = (identity_json(dict(source.params.model_validate(each))) for each in words)
    assert one == other
    assert str(tmp_path) not in str(one)


def test_a_lora_path_is_relative_to_the_pack(tmp_path: Path) -> None:
    (tmp_path / "style.safetensors").write_bytes(b"some")
    (tmp_path / "mine.yaml").write_text("preset: mine\nsource: {diffusion: {prompt: '{prompt}'}}\n")
    asset = "{preset: mine, prompt: a cat, diffusion: {loras: [{file: style.safetensors, weight: 0.5}]}}"
    (tmp_path / "pack.yaml").write_text(f"pack: some\nassets: {{a: {asset}}}\n")
    [recipe] = resolve_pack(load_pack(tmp_path))
    [lora] = recipe.source.arguments["loras"]
    assert (lora.file.path, lora.weight) == (tmp_path / "style.safetensors", 0.5)
