"""Inbox files as assets of their pack."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trimesh

from assetgen.errors import InputError
from assetgen.events import Failed
from assetgen.pack.inbox import asset_name, is_ignored
from assetgen.pack.library import PackFile, load_pack
from assetgen.pack.lock import read_lock
from assetgen.pack.recipe import Recipe
from assetgen.pack.resolve import resolve_pack
from assetgen.pixels.image_files import encode_png

Write = Callable[[str], PackFile]
Rebuilt = Callable[..., list[object]]
PNG = encode_png(np.full((8, 8, 3), 90, np.uint8))
EMPTY = "pack: p\n"
DRAWN = 'pack: p\ninbox: {"*": {preset: drawing}}\n'


def drop(folder: Path, name: str, data: bytes | str = PNG) -> Path:
    path = folder / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def resolved(file: PackFile) -> dict[str, Recipe]:
    return {recipe.name: recipe for recipe in resolve_pack(file)}


def test_a_mesh_in_the_inbox_becomes_concept_art_along_its_depth(write_pack: Write, tmp_path: Path) -> None:
    path = drop(tmp_path, "Old Boulder.glb", trimesh.creation.box().export(file_type="glb"))
    recipe = resolved(write_pack(EMPTY))["old_boulder"]
    assert (recipe.preset, recipe.facts.prompt) == ("concept_from_mesh", "Old Boulder")
    assert recipe.controls[0].arguments["mesh"].path == path


def test_an_image_in_the_inbox_is_painted_over(write_pack: Write, tmp_path: Path) -> None:
    path = drop(tmp_path, "castle_sketch.png")
    recipe = resolved(write_pack(EMPTY))["castle_sketch"]
    assert (recipe.preset, recipe.facts.prompt) == ("painted_concept", "castle sketch")
    assert recipe.source.arguments["image"].path == path


BAD_NAMES = {
    f"{'x' * 251}.png": ("x" * 251 + ".png", "longer than 120"),
    f"{'a' * 200}/{'b' * 99}.png": ("b" * 99 + ".png", "longer than 120"),
    os.fsdecode(b"\xff.png"): (r"\udcff.png", "cannot be printed"),
    "two\nlines.png": (r"two\nlines.png", "cannot be printed"),
    "bell\a.png": (r"bell\x07.png", "cannot be printed"),
    "con.png": ("con.png", "'con' is a device on Windows"),
    "props/NUL.a.glb": ("NUL.a.glb", "is a device on Windows"),
}


@pytest.mark.skipif(os.name != "posix", reason="Windows forbids such names")
@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_file_with_an_invalid_name_fails_alone(rebuilt: Rebuilt, tmp_path: Path, name: str) -> None:
    drop(tmp_path, name)
    drop(tmp_path, "good.png")
    [failed] = [event for event in rebuilt(DRAWN) if isinstance(event, Failed)]
    shown, what = BAD_NAMES[name]
    assert f"{shown}: " in failed.reason and what in failed.reason and "Rename it." in failed.reason
    assert "\n" not in failed.reason + failed.asset
    assert (tmp_path / "game/good.png").is_file()


def test_a_broken_link_fails_alone(rebuilt: Rebuilt, tmp_path: Path) -> None:
    drop(tmp_path, "good.png")
    (tmp_path / "inbox/a.png").symlink_to("nothing.png")
    [failed] = [event for event in rebuilt(DRAWN) if isinstance(event, Failed)]
    assert failed.reason.endswith("inbox/a.png: the link points to a missing file. Remove it.")
    assert (tmp_path / "game/good.png").is_file()


def test_an_error_in_a_files_settings_keeps_its_game_file_and_lock_entry(
    rebuilt: Rebuilt, assetgen: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    drop(tmp_path, "a.png")
    rebuilt(DRAWN)
    before = read_lock(tmp_path / "pack.lock")
    drop(tmp_path, "a.yaml", "{preset: drwing}")
    drop(tmp_path, "b.png")
    rebuilt(DRAWN)
    after = read_lock(tmp_path / "pack.lock")
    assert (tmp_path / "game/a.png").is_file() and (tmp_path / "game/b.png").is_file()
    assert before and after and after["a"] == before["a"] and set(after) == {"a", "b"}
    code, out, _ = assetgen("check", tmp_path, "--game", tmp_path / "game")
    assert code == 1 and "there is no preset 'drwing'" in out
    assert "fail     a: " in assetgen("plan", tmp_path, "--game", tmp_path / "game")[1]


def test_a_yaml_file_of_the_same_name_configures_an_inbox_file(write_pack: Write, tmp_path: Path) -> None:
    path = drop(tmp_path, "dragon.png")
    drop(tmp_path, "dragon.yaml", "{preset: pixel_sprite, prompt: a red dragon, pixelate: {colors: 5}}")
    recipe = resolved(write_pack(EMPTY))["dragon"]
    assert (recipe.preset, recipe.facts.prompt) == ("pixel_sprite", "a red dragon")
    assert (recipe.source.arguments["image"].path, recipe.steps[1].arguments["colors"]) == (path, 5)


def test_the_settings_of_the_yaml_file_override_those_of_the_pack(write_pack: Write, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        drop(tmp_path, name)
    drop(tmp_path, "b.yaml", "{diffusion: {strength: 0.25}}")
    rule = '"*.png": {preset: decal, prompt: "mossy {name}", diffusion: {image: "{file}", strength: 0.5}}'
    recipes = resolved(write_pack(f"pack: p\ninbox: {{{rule}}}\n"))
    assert [recipe.facts.prompt for recipe in recipes.values()] == ["mossy a", "mossy b"]
    assert [recipe.source.arguments["strength"] for recipe in recipes.values()] == [0.5, 0.25]


def test_a_sketch_that_is_a_control_is_not_the_source_image_as_well(write_pack: Write, tmp_path: Path) -> None:
    drop(tmp_path, "a.png")
    drop(tmp_path, "a.yaml", '{preset: painted_concept, canny: {image: "{file}"}}')
    recipe = resolved(write_pack(EMPTY))["a"]
    assert (recipe.controls[0].name, recipe.source.arguments["image"]) == ("canny", None)


def test_files_excluded_by_the_pack_and_temporary_files_are_ignored(write_pack: Write, tmp_path: Path) -> None:
    for name in ("a.png", "a_albedo.png", ".b.png", "c.png.part", "d.png~", "readme.txt", "props/e.png"):
        drop(tmp_path, name)
    assert set(resolved(write_pack('pack: p\ninbox: {"*_albedo.png": null}\n'))) == {"a", "props/e"}


def test_an_asset_of_the_pack_takes_precedence_over_an_inbox_file(write_pack: Write, tmp_path: Path) -> None:
    drop(tmp_path, "a.png")
    recipes = resolved(write_pack("pack: p\nassets: {A: {preset: decal, prompt: mine}}\n"))
    assert [(recipe.name, recipe.preset) for recipe in recipes.values()] == [("A", "decal")]


def test_two_files_with_the_same_asset_name_are_refused(write_pack: Write, tmp_path: Path) -> None:
    drop(tmp_path, "a.png")
    drop(tmp_path, "A.jpg")
    with pytest.raises(InputError, match=r"a\.png: 'a\.png' and 'A\.jpg' would both become the asset 'a'"):
        resolved(write_pack(EMPTY))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prompt: [", r"inbox/a\.yaml:\d: this is not plain YAML"),
        ("- 1", r"inbox/a\.yaml:1: the file should be a mapping"),
        ("{preset: decl, prompt: x}", r"inbox/a\.yaml:1: there is no preset 'decl'.*decal"),
        ("{seed: -1}", r"inbox/a\.yaml:1: 'seed'"),
        ("{matrix: {size: [1, 2]}}", r"inbox/a\.yaml:1: the matrix axis"),
        ("{diffusion: {strenght: 0.5}}", r"inbox/a\.yaml:1: .*strenght"),
    ],
)
def test_an_error_in_a_files_settings_has_file_and_line(
    write_pack: Write, tmp_path: Path, text: str, message: str
) -> None:
    drop(tmp_path, "a.png")
    drop(tmp_path, "a.yaml", text)
    with pytest.raises(InputError, match=message):
        resolved(write_pack(EMPTY))


def test_a_pack_may_have_an_empty_inbox_and_no_assets(rebuilt: Rebuilt, tmp_path: Path) -> None:
    dropped = drop(tmp_path, "a.png")
    rebuilt('pack: p\ninbox: {"*": {preset: drawing}}\n')
    assert (tmp_path / "game/a.png").is_file()
    dropped.unlink()
    rebuilt('pack: p\ninbox: {"*": {preset: drawing}}\n')
    assert not (tmp_path / "game/a.png").exists()


def test_a_pack_with_neither_assets_nor_inbox_is_refused(write_pack: Write) -> None:
    with pytest.raises(InputError, match="has no assets"):
        resolve_pack(write_pack(EMPTY))


def test_make_ignores_an_inbox(
    assetgen: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(tmp_path, "a.png")
    monkeypatch.chdir(tmp_path)
    assert assetgen("make", "decal", "x", "--draft", "-o", "o", "--store", "s")[0] == 0
    assert not (tmp_path / "o/a.png").exists()


def test_check_accepts_a_built_inbox_and_reports_a_changed_file(
    assetgen: Callable[..., tuple[int, str, str]], rebuilt: Rebuilt, tmp_path: Path
) -> None:
    drop(tmp_path, "a.png")
    rebuilt('pack: p\ninbox: {"*": {preset: drawing}}\n')
    assert assetgen("check", tmp_path, "--game", tmp_path / "game")[0] == 0
    drop(tmp_path, "a.png", encode_png(np.full((8, 8, 3), 91, np.uint8)))
    assert assetgen("check", tmp_path, "--game", tmp_path / "game")[0] == 1


@pytest.mark.parametrize("name", ["a.png~", ".a.png.swp", "a.swp", "#a#", "4913", "a.glb.part", "pack.error.txt"])
def test_temporary_files_are_ignored(name: str) -> None:
    assert is_ignored(name)


def test_asset_names_come_from_file_names() -> None:
    assert [asset_name(name) for name in ("Old Boulder (2)", "props/Kürbis", "___")] == [
        "old_boulder_2", "props/k_rbis", "asset",
    ]  # fmt: skip


def test_a_linked_folder_in_an_inbox_is_listed_once(write_pack: Write, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.png").write_bytes(PNG)
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox/more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/round").symlink_to(tmp_path / "elsewhere")
    write_pack(EMPTY)
    assert set(resolved(load_pack(tmp_path))) == {"more/a"}
