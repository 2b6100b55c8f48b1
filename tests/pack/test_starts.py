"""Pictures that sampling starts from, drawn by controls: which assets have one, and what is in their keys."""

from collections.abc import Callable
from pathlib import Path

import pytest

from assetgen.pack.library import PackFile
from assetgen.pack.recipe import Recipe
from assetgen.pack.resolve import resolve_pack
from assetgen.pack.starts import start_notes

Write = Callable[[str], PackFile]
KEEP = Path(__file__).parents[2] / "examples/dungeon/keep.glb"


def recipe(write: Write, more: str = "", preset: str = "painted_concept", model: str = "mini") -> Recipe:
    asset = f"{{preset: {preset}, prompt: a castle at sunset, seed: 5{more}}}"
    [found] = resolve_pack(write(f"pack: p\nmodel: {model}\nassets:\n  a: {asset}\n"))
    return found


def starts(made: Recipe) -> list[str]:
    return [stage.name for stage in made.controls if stage.control_kind == "image_to_image"]


def test_minis_card_draws_the_start_of_concept_art_from_its_prompt_and_seed(write_pack: Write) -> None:
    made = recipe(write_pack)
    [scene] = made.controls
    assert (scene.name, scene.arguments["prompt"], scene.arguments["seed"]) == ("scene", "a castle at sunset", 5)
    assert scene.arguments["size"] == made.source.arguments["size"] == (256, 256)
    assert "starts from the picture that `scene` draws" in start_notes(made)[0]


def test_the_start_of_a_mesh_has_the_camera_of_its_depth(write_pack: Write) -> None:
    depth, shaded = recipe(write_pack, f", depth: {{mesh: {KEEP}, azimuth: 70}}", "concept_from_mesh").controls
    assert (depth.name, shaded.name) == ("depth", "shaded")
    assert shaded.arguments["azimuth"] == 70
    assert shaded.arguments["mesh"] == depth.arguments["mesh"]


def test_a_panorama_starts_from_one_that_tiles(write_pack: Write) -> None:
    made = recipe(write_pack, preset="skybox_strip")
    assert (made.controls[0].arguments["tile"], made.source.arguments["size"]) == ("x", (1024, 256))


@pytest.mark.parametrize(
    "more", [", start: false", f", diffusion: {{image: {KEEP}}}", f", reference: {{image: {KEEP}}}"]
)
def test_an_asset_can_start_from_noise_or_from_another_picture(write_pack: Write, more: str) -> None:
    made = recipe(write_pack, more)
    assert "scene" not in starts(made)
    assert made.source.arguments["size"] == (128, 128)


def test_models_without_starts_in_their_card_sample_from_noise(write_pack: Write) -> None:
    assert starts(recipe(write_pack, model="sdxl")) == []


def test_an_asset_may_draw_its_start_for_any_model(write_pack: Write) -> None:
    [scene] = recipe(write_pack, ", scene: {prompt: snowy mountains}", model="sdxl").controls
    assert scene.arguments["prompt"] == "snowy mountains"


def test_strength_and_size_of_an_asset_override_those_of_the_start(write_pack: Write) -> None:
    arguments = recipe(write_pack, ", diffusion: {strength: 0.2, size: [128, 64]}").source.arguments
    assert (arguments["strength"], arguments["size"]) == (0.2, (128, 64))


def test_each_attempt_draws_another_start_unless_its_seed_is_fixed(write_pack: Write) -> None:
    def seeds(made: Recipe) -> set[int]:
        return {made.controls_for(attempt)[0].arguments["seed"] for attempt in range(3)}

    assert len(seeds(recipe(write_pack))) == 3
    assert seeds(recipe(write_pack, ", scene: {seed: 9}")) == {9}


def test_the_arguments_of_the_start_are_in_the_key(write_pack: Write) -> None:
    keys = {recipe(write_pack, more).sampled_key() for more in ("", ", scene: {seed: 9}", ", start: false")}
    assert len(keys) == 3


def test_things_that_can_be_drawn_start_from_their_drawing_and_others_from_noise(write_pack: Write) -> None:
    def sprite(prompt: str, preset: str = "pixel_sprite", more: str = "") -> Recipe:
        text = f"pack: p\nmodel: mini\nassets:\n  a: {{preset: {preset}, prompt: {prompt}{more}}}\n"
        [found] = resolve_pack(write_pack(text))
        return found

    assert starts(sprite("a blue potion")) == ["thing"]
    assert starts(sprite("a wombat")) == starts(sprite("a blue potion", more=", start: false")) == []
    icon, unknown = sprite("a blue potion", "item_icon"), sprite("a wombat", "item_icon")
    assert icon.source.arguments["size"] == icon.controls[0].arguments["size"] == (128, 128)
    assert (icon.source.arguments["detail"], unknown.source.arguments["detail"]) == (1.0, None)
    assert [step.name for step in unknown.steps if step not in icon.steps] == ["pixelate", "upscale"]
