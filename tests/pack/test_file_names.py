"""No two assets of a pack write one file; that is found before anything is sampled."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assetgen.errors import InputError
from assetgen.events import Event, Failed, Published, Sampling
from assetgen.pack.entries import check_path
from assetgen.pack.library import PackFile
from assetgen.pack.project import Project
from assetgen.pack.resolve import resolve_pack

WritePack = Callable[[str], PackFile]
MATERIAL = "use: material\nsource: {fake: {prompt: '{prompt}', size: [16, 16]}}\nsteps: [pbr_maps]\n"
CLASHES = {
    "a texture": "{wall: {preset: maps, prompt: x}, wall_normal: {preset: plainly, prompt: x}}",
    "a texture, ignoring case": "{wall: {preset: maps, prompt: x}, Wall_Normal: {preset: plainly, prompt: x}}",
    "a folder": "{a: {preset: plainly, prompt: x}, a.png/b: {preset: plainly, prompt: x}}",
    "a folder, in another order": "{a.png/b: {preset: plainly, prompt: x}, A: {preset: plainly, prompt: x}}",
}


@pytest.fixture
def pack(tmp_path: Path, write_pack: WritePack) -> WritePack:
    """Load a pack of these assets, with the presets `maps`, `plainly` and `pixels`."""
    (tmp_path / "maps.yaml").write_text("preset: maps\n" + MATERIAL)
    (tmp_path / "plainly.yaml").write_text("preset: plainly\nuse: picture\nsource: {fake: {prompt: '{prompt}'}}\n")
    (tmp_path / "pixels.yaml").write_text("preset: pixels\nuse: pixel_sprite\nsource: {fake: {prompt: '{prompt}'}}\n")
    return lambda assets: write_pack(f"pack: p\n{assets if 'assets:' in assets else f'assets: {assets}'}")


@pytest.mark.parametrize("assets", CLASHES.values(), ids=CLASHES)
@pytest.mark.parametrize("only", ["*", "one of them"])
def test_assets_that_would_write_one_file_are_refused(pack: WritePack, assets: str, only: str) -> None:
    file = pack(assets)
    only = only if only == "*" else sorted(file.pack.assets)[-1]
    with pytest.raises(InputError, match=r"pack.yaml:2: asset '\S+' and asset '\S+' both write '\S+png"):
        resolve_pack(file, only=only)


def test_plan_check_and_build_refuse_a_clash_alike(
    pack: WritePack, tmp_path: Path, assetgen: Callable[..., tuple[int, str, str]]
) -> None:
    pack(CLASHES["a texture"])
    found = {assetgen(command, tmp_path, "--game", tmp_path / "game") for command in ("plan", "check", "build")}
    [(code, out, err)] = found
    assert (code, out) == (2, "")
    assert "asset 'wall_normal' and asset 'wall' both write 'wall_normal.png'" in err
    assert not (tmp_path / "game").exists()


def test_an_atlas_named_like_the_manifest_is_refused_before_it_is_made(pack: WritePack) -> None:
    atlas = "{a: {preset: plainly, prompt: x}, Manifest: {preset: atlas, members: [a]}}"
    with pytest.raises(InputError, match=r"'Manifest' and assetgen itself both write 'Manifest.json'\. Rename it"):
        resolve_pack(pack(atlas))
    assert len(resolve_pack(pack("{manifest: {preset: plainly, prompt: x}}"))) == 1


@pytest.mark.parametrize("preset", ["plainly", "pixels"])
def test_a_resource_of_an_atlas_clashes_only_where_the_member_has_one(pack: WritePack, preset: str) -> None:
    drawn = f"{{preset: {preset}, prompt: x}}"
    file = pack(f"engine: godot\nassets: {{b: {drawn}, a/b: {drawn}, a: {{preset: atlas, members: [b]}}}}")
    if preset == "plainly":
        assert len(resolve_pack(file)) == 3
        return
    with pytest.raises(InputError, match=r"asset 'a' and asset 'a/b' both write 'a/b.tres'"):
        resolve_pack(file)


def test_names_that_only_begin_alike_are_no_clash(pack: WritePack) -> None:
    assets = ("wall", "wall_2", "wall_n", "wall-normal", "wall/normal", "wall.normal", "walls")
    file = pack("{" + ", ".join(f"{name}: {{preset: maps, prompt: x}}" for name in assets) + "}")
    assert len(resolve_pack(file)) == len(assets)


def test_an_inbox_file_that_clashes_with_an_asset_fails_alone(pack: WritePack, tmp_path: Path) -> None:
    file = pack("{wall: {preset: maps, prompt: x}}")
    (tmp_path / "inbox").mkdir()
    for name in ("wall_ao.png", "stone.png"):
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "inbox" / name)
    plan = Project(file, tmp_path / "game").plan()
    assert {recipe.name for recipe in plan.recipes} == {"wall", "stone"}
    assert "both write 'wall_ao.png'" in str(plan.invalid["wall_ao"])


def test_an_asset_with_the_longest_name_is_published_with_all_its_files(
    rebuilt: Callable[..., list[Event]], pack: WritePack, tmp_path: Path
) -> None:
    pack("{a: {preset: maps, prompt: x}}")
    name = "n" * 120
    events = rebuilt(f"pack: p\nengine: godot\nassets: {{{name}: {{preset: maps, prompt: x}}}}")
    assert not [event for event in events if isinstance(event, Failed)]
    assert (tmp_path / f"game/{name}_roughness.png").exists() or (tmp_path / f"game/{name}_orm.png.import").exists()
    again = rebuilt(f"pack: p\nengine: godot\nassets: {{{name}: {{preset: maps, prompt: x}}}}")
    assert not [event for event in again if isinstance(event, Failed | Published | Sampling)]


def test_a_path_with_a_segment_of_more_than_255_characters_is_refused() -> None:
    check_path(f"{'a' * 255}/{'b' * 255}")
    with pytest.raises(InputError, match="longer than 255"):
        check_path("a" * 256)
