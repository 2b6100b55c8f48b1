"""Resolving packs to recipes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from assetgen.errors import InputError
from assetgen.pack.file_names import file_names
from assetgen.pack.library import PackFile, library_for
from assetgen.pack.recipe import Recipe, Stage
from assetgen.pack.resolve import resolve_pack
from assetgen.pack.schema import ModelCard

Write = Callable[[str], PackFile]
DRAGON = "{preset: pixel_sprite, prompt: a red dragon}"


def recipe(file: PackFile, name: str = "a") -> Recipe:
    return next(recipe for recipe in resolve_pack(file) if recipe.name == name)


def step(recipe: Recipe, alias: str) -> dict[str, object]:
    return next(dict(stage.arguments) for stage in recipe.steps if stage.alias == alias)


def test_asset_arguments_override_pack_defaults_and_these_the_preset(write_pack: Write) -> None:
    text = "pack: p\ndefaults: {pixelate: {colors: 12, dither: 0.5}}\n"
    text += "assets:\n  a: {preset: pixel_sprite, prompt: x, pixelate: {colors: 8}}\n"
    arguments = step(recipe(write_pack(text)), "pixelate")
    assert (arguments["colors"], arguments["dither"], arguments["grid"]) == (8, 0.5, 32)


def test_a_prompt_is_put_into_the_template_of_the_model_card(write_pack: Write) -> None:
    made = recipe(write_pack(f"pack: p\nstyle: dark\nassets: {{a: {DRAGON}}}"))
    assert made.source.arguments["prompt"] == "pixel art sprite of a red dragon, monster, dark"


def test_braces_in_a_prompt_are_plain_text(write_pack: Write) -> None:
    made = recipe(write_pack("pack: p\nassets: {a: {preset: painted_concept, prompt: 'a {0} {prompt.__class__} {x'}}"))
    assert "{0} {prompt.__class__} {x" in made.source.arguments["prompt"]


def test_seeds_depend_on_the_pack_seed_and_the_asset_name(write_pack: Write) -> None:
    alone = recipe(write_pack(f"pack: p\nassets: {{a: {DRAGON}}}")).source.arguments["seed"]
    among = recipe(write_pack(f"pack: p\nassets: {{b: {DRAGON}, a: {DRAGON}}}")).source.arguments["seed"]
    other = recipe(write_pack(f"pack: p\nseed: 1\nassets: {{a: {DRAGON}}}")).source.arguments["seed"]
    assert alone == among != other


def test_a_changed_step_keeps_the_sampled_key(write_pack: Write) -> None:
    before = recipe(write_pack("pack: p\nassets: {a: {preset: pixel_sprite, prompt: x}}"))
    after = recipe(write_pack("pack: p\nassets: {a: {preset: pixel_sprite, prompt: x, pixelate: {colors: 9}}}"))
    assert before.sampled_key() == after.sampled_key()
    assert before.images_key() != after.images_key()


@pytest.mark.parametrize(
    "change", ["prompt: y", "prompt: x, seed: 3", "prompt: x, diffusion: {guidance: 2.5}", "prompt: x, negative: z"]
)
def test_settings_that_change_the_image_change_the_sampled_key(write_pack: Write, change: str) -> None:
    before = recipe(write_pack("pack: p\nassets: {a: {preset: pixel_sprite, prompt: x}}")).sampled_key()
    assert recipe(write_pack(f"pack: p\nassets: {{a: {{preset: pixel_sprite, {change}}}}}")).sampled_key() != before


def test_keys_contain_an_input_file_by_its_content(write_pack: Write, tmp_path: Path) -> None:
    text = "pack: p\npalette: own.hex\nassets: {a: {preset: pixel_sprite, prompt: x}}"
    keys = []
    for colors in ("ff0000\n", "00ff00\n", "ff0000\n"):
        (tmp_path / "own.hex").write_text(colors)
        keys.append(recipe(write_pack(text)).images_key())
    assert keys[0] == keys[2] != keys[1]


def test_members_come_before_their_atlas(write_pack: Write) -> None:
    text = f"pack: p\nassets: {{all: {{preset: atlas, members: ['coin_*']}}, coin_1: {DRAGON}, coin_2: {DRAGON}}}"
    names = [made.name for made in resolve_pack(write_pack(text))]
    assert names == ["coin_1", "coin_2", "all"]


def test_members_are_found_by_every_form_of_glob(write_pack: Write) -> None:
    globs = "b, c_*, 'd?', '[ef]x', '*_z'"
    leaves = "".join(f"  {name}: {DRAGON}\n" for name in ("b", "bb", "c_1", "c_2", "d1", "d12", "ex", "gx", "h_z"))
    made = recipe(write_pack(f"pack: p\nassets:\n{leaves}  a: {{preset: atlas, members: [{globs}]}}\n"))
    assert [member.name for member in made.members] == ["b", "c_1", "c_2", "d1", "ex", "h_z"]


def test_more_than_a_million_members_are_refused(write_pack: Write) -> None:
    text = f"pack: p\nassets:\n  'leaf_{{n}}': {{preset: decal, prompt: x, matrix: {{n: {list(range(2000))}}}}}\n"
    text += f"  a: {{preset: atlas, members: {['*'] * 501}}}\n"
    with pytest.raises(InputError, match="the assets of a pack have at most 1,000,000 members in all"):
        resolve_pack(write_pack(text), only="a")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a: {preset: pixel_sprit, prompt: x}", "there is no preset 'pixel_sprit'. Did you mean 'pixel_sprite'?"),
        ("a: {preset: pixel_sprite, promt: x}", "unknown key 'promt'"),
        (
            "a: {preset: pixel_sprite, prompt: x, pixelate: {colours: 3}}",
            "Did you mean 'colors'?",
        ),
        ("a: {preset: pixel_sprite, prompt: x, pixelate: {colors: many}}", "'colors' should be a whole number"),
        ("a: {preset: pixel_sprite, prompt: x, pixelate: 3}", "'pixelate' must be a mapping, {ARGUMENT: VALUE}"),
        ("a: {preset: pixel_sprite, prompt: x, model: sdxxl}", "there is no model 'sdxxl'"),
        ("a: {preset: pixel_sprite}", "has no prompt"),
        ("a: {preset: atlas, members: [zzz]}", "no asset matches the member 'zzz'"),
        ("a: {preset: concept_from_mesh, prompt: x, depth: {mesh: none.glb}}", "there is no file"),
        ("../a: {preset: pixel_sprite, prompt: x}", "cannot be the name of an asset"),
    ],
)
def test_an_error_has_file_and_line(write_pack: Write, line: str, message: str) -> None:
    with pytest.raises(InputError) as refused:
        resolve_pack(write_pack(f"pack: p\nassets:\n  {line}\n"))
    assert message in str(refused.value)
    assert "pack.yaml:" in str(refused.value)


def test_how_a_model_tiles_is_in_the_keys_of_images_that_tile_only() -> None:
    card = library_for().card("mini")
    periodic = card.model_copy(update={"seamless": "periodic"})

    def identity(card: ModelCard, tile: str) -> object:
        return Stage("source", "diffusion", "diffusion", 1, {"model": card, "tile": tile}).identity

    assert identity(card, "") == identity(periodic, "")
    assert identity(card, "xy") != identity(periodic, "xy")


def test_presets_that_extend_each_other_in_a_circle_are_refused(write_pack: Write, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("preset: one\nextends: two\n")
    (tmp_path / "two.yaml").write_text("preset: two\nextends: one\n")
    with pytest.raises(InputError, match="in a circle: one → two → one"):
        resolve_pack(write_pack("pack: p\nassets: {a: {preset: one, prompt: x}}"))


def test_an_atlas_of_atlases_cannot_go_in_a_circle(write_pack: Write) -> None:
    with pytest.raises(InputError):
        resolve_pack(
            write_pack("pack: p\nassets: {a: {preset: atlas, members: [b]}, b: {preset: atlas, members: [a]}}")
        )


def test_an_asset_with_members_may_be_a_member(write_pack: Write) -> None:
    text = f"pack: p\nassets:\n  hero: {DRAGON}\n  items: {{preset: atlas, members: [hero]}}\n"
    made = recipe(write_pack(f"{text}  all: {{preset: animation, members: [items, hero]}}\n"), "all")
    assert [member.name for member in made.members] == ["items", "hero"]


def test_the_files_of_an_animation_are_known_before_it_is_made(write_pack: Write) -> None:
    text = f"pack: p\nengine: godot\nassets:\n  hero: {DRAGON}\n  idle: {{preset: idle, members: [hero]}}\n"
    text += "  late: {preset: recolor, members: [idle]}\n  all: {preset: atlas, members: [idle]}\n"
    found = {name: file_names(recipe(write_pack(text), name)) for name in ("hero", "late", "all")}
    assert {name: f"{name}.tscn" in files for name, files in found.items()} == {
        "hero": False,
        "late": True,
        "all": False,
    }


def test_a_glob_matches_no_asset_with_the_same_source(write_pack: Write) -> None:
    text = f"pack: p\nassets:\n  hero: {DRAGON}\n  items: {{preset: atlas, members: [hero]}}\n"
    made = recipe(write_pack(f"{text}  all: {{preset: atlas, members: ['*']}}\n"), "all")
    assert [member.name for member in made.members] == ["hero"]
