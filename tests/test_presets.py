"""Every shipped preset builds with the fake source, and every card is complete."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import trimesh

from assetgen.events import Event, Failed
from assetgen.pack.library import library_for
from assetgen.pack.locations import Hub
from assetgen.parts import HubFile

Build = Callable[..., list[Event]]
PRESETS = {
    "pixel_sprite", "cartoon_icon", "item_icon", "character", "isometric_building", "tile_texture", "pixel_tile",
    "pbr_material", "skybox_strip", "concept_from_mesh", "painted_concept", "decal",
}  # fmt: skip
INTERFACE = {"ui_panel", "ui_button", "ui_bar", "ui_frame", "cursor", "cursor_icon"}
"""Their templates are those of the presets that they extend."""
MOTIONS = {"idle", "bob", "squash_stretch", "flash", "shake", "spin", "dissolve"}
MODELS = {
    "mini", "sd15", "sd21", "sdxl", "sd_turbo", "sdxl_turbo", "lcm_dreamshaper", "sd35_medium", "sd35_large",
    "flux_schnell", "flux_dev", "pixart_sigma", "sana", "sdxl_lightning", "lcm_lora_sd15", "lcm_lora_sdxl",
    "z_image", "z_image_turbo", "flux2_klein_4b", "flux2_klein_base_4b", "flux2_klein_9b", "flux2_dev",
    "qwen_image", "qwen_image_edit", "qwen_image_21", "krea2_turbo", "chroma", "chroma_flash", "ernie_image",
    "ernie_image_turbo", "sana_sprint",
}  # fmt: skip
LAYERED = "qwen_image_layered"
"""Takes pictures apart, and draws none."""


def test_all_presets_and_models_are_shipped() -> None:
    library = library_for()
    assert PRESETS - set(library.preset_names()) == set()
    assert MODELS - set(library.card_names()) == set()


@pytest.mark.parametrize("preset", sorted(PRESETS | INTERFACE))
def test_a_preset_builds_as_a_draft(build: Build, tmp_path: Path, preset: str) -> None:
    trimesh.creation.box((1, 2, 3)).export(tmp_path / "box.glb")
    mesh = ", depth: {mesh: box.glb}" if preset == "concept_from_mesh" else ""
    events = build(f"pack: p\nengine: godot\nassets: {{a: {{preset: {preset}, prompt: a thing{mesh}}}}}")
    assert [event for event in events if isinstance(event, Failed)] == []
    assert (tmp_path / "game/a.png").is_file()


@pytest.mark.parametrize("preset", sorted(MOTIONS))
def test_a_preset_animates_another_asset(build: Build, tmp_path: Path, preset: str) -> None:
    hero, moving = "a: {preset: pixel_sprite, prompt: x}", f"b: {{preset: {preset}, members: [a]}}"
    events = build(f"pack: p\nassets: {{{hero}, {moving}, c: {{preset: animation, members: [b]}}}}")
    assert [event for event in events if isinstance(event, Failed)] == []
    assert {path.suffix for path in (tmp_path / "game").glob("c.*")} >= {".png", ".json"}


@pytest.mark.parametrize("model", [*sorted(MODELS), LAYERED])
def test_weights_on_the_hub_are_pinned_to_a_commit(model: str) -> None:
    card = library_for().card(model)
    networks = [card.weights, card.vae, *(control.weights for control in card.controls.values())]
    places = [*networks, *(each.file for each in (*card.loras, *card.embeddings))]
    revisions = [place.revision for place in places if isinstance(place, Hub | HubFile)]
    assert [each for each in revisions if not re.fullmatch("[0-9a-f]{40}", each)] == []


def test_every_card_has_a_prompt_template_for_every_preset() -> None:
    library = library_for()
    assert {name: PRESETS - set(library.card(name).prompts) for name in MODELS} == {name: set() for name in MODELS}


def test_one_sprite_is_built_in_the_colours_of_several_teams(build: Build, tmp_path: Path) -> None:
    teams = 'preset: recolor, members: [hero], recolor: {hue: blue, to: "{red,green}", tolerance: 180}'
    events = build(f'pack: p\nassets:\n  hero: {{preset: sprite, prompt: x}}\n  "hero_{{red,green}}": {{{teams}}}')
    assert [event for event in events if isinstance(event, Failed)] == []
    assert len({(tmp_path / f"game/{name}.png").read_bytes() for name in ("hero", "hero_red", "hero_green")}) == 3
