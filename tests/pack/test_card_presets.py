"""Model cards that name another card, or steps, for a preset."""

from collections.abc import Callable

import pytest

from assetgen.errors import InputError
from assetgen.pack.library import PackFile
from assetgen.pack.recipe import Recipe
from assetgen.pack.resolve import resolve_pack
from assetgen.pack.schema import ModelCard

Write = Callable[[str], PackFile]
CARD = """
model: {name}
family: stable_diffusion
weights: {{bundled: mini}}
licence: CC0-1.0
native: [{side}, {side}]
presets: {{{presets}}}
best_of: {best_of}
"""


@pytest.fixture
def asset(write_pack: Write) -> Callable[..., Recipe]:
    """`asset(settings, preset)`: an asset of a pack whose model uses the card `small` for sprites."""

    def resolve(settings: str = "", preset: str = "pixel_sprite") -> Recipe:
        file = write_pack(f"pack: p\nmodel: large\nassets: {{a: {{preset: {preset}, prompt: a bat{settings}}}}}\n")
        (file.folder / "a.safetensors").write_bytes(b"weights")
        models = file.folder / "models"
        models.mkdir(exist_ok=True)
        routed = "pixel_sprite: {model: small}, character: {model: small}"
        steps = "pixel_sprite: {steps: [{upscale: {factor: 2}}]}"
        for name, side, presets, best_of in (("large", 64, routed, 1), ("small", 32, steps, 3)):
            text = CARD.format(name=name, side=side, presets=presets, best_of=best_of)
            (models / f"{name}.yaml").write_text(text)
        return resolve_pack(file)[0]

    return resolve


def model_of(recipe: Recipe) -> str:
    card = recipe.source.arguments["model"]
    assert isinstance(card, ModelCard)
    return card.model


def test_the_card_that_draws_a_preset_is_used_with_its_size(asset: Callable[..., Recipe]) -> None:
    made = asset()
    assert (model_of(made), made.source.arguments["size"], made.facts.model) == ("small", (32, 32), "small")


@pytest.mark.parametrize(
    ("settings", "preset"),
    [
        (", model: large", "pixel_sprite"),
        (", diffusion: {size: [48, 48]}", "pixel_sprite"),
        (", diffusion: {loras: [{file: a.safetensors, licence: CC0}]}", "pixel_sprite"),
        (", canny: {image: pack.yaml}", "pixel_sprite"),
        ("", "tile_texture"),
    ],
    ids=["named", "size", "lora", "control", "other preset"],
)
def test_what_is_set_for_the_model_of_the_pack_keeps_it(
    asset: Callable[..., Recipe], settings: str, preset: str
) -> None:
    assert model_of(asset(settings, preset)) == "large"


def test_a_size_that_a_model_of_cells_does_not_draw_is_refused(write_pack: Write) -> None:
    text = "pack: p\nmodel: mini\nassets:\n  a: {preset: pixel_sprite, prompt: a bat, diffusion: {size: [%d, %d]}%s}\n"
    [made] = resolve_pack(write_pack(text % (32, 32, "")))
    assert model_of(made) == "mini_sprite"
    with pytest.raises(InputError, match=r"pack.yaml:4: .*'mini_sprite', which draws 32 × 32 cells only. Leave out"):
        resolve_pack(write_pack(text % (64, 64, "")))
    [named] = resolve_pack(write_pack(text % (64, 64, ", model: mini")))
    assert model_of(named) == "mini"


def test_steps_of_the_card_come_first_and_can_be_changed(asset: Callable[..., Recipe]) -> None:
    made = asset(", upscale: {factor: 3}")
    assert [step.name for step in made.steps][:2] == ["upscale", "cutout"]
    assert made.steps[0].arguments["factor"] == 3


def test_the_card_sets_how_many_attempts_are_compared(asset: Callable[..., Recipe]) -> None:
    assert asset().best_of == 3
    assert [check.name for check in asset().checks if check.part.traits.ranks] == ["content", "prompt_match"]
    assert asset(", best_of: 2").best_of == 2
