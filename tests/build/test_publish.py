"""Publishing files into the game folder."""

from pathlib import Path

import pytest

from assetgen.build.manifest import ManifestEntry
from assetgen.build.publish import Target
from assetgen.errors import InputError, PublishError


def target(folder: Path) -> Target:
    return Target(folder / "game", "art", "p")


def put(folder: Path, files: dict[str, bytes], name: str = "a", **options: bool) -> tuple[str, ...]:
    into = target(folder)
    written = into.publish(name, files, ManifestEntry("k"), **options).written
    into.finish()
    return written


def test_only_changed_bytes_are_written(tmp_path: Path) -> None:
    assert put(tmp_path, {"a.png": b"1", "b.png": b"2"}) == ("a.png", "b.png")
    before = (tmp_path / "game/art/a.png").stat().st_mtime_ns
    assert put(tmp_path, {"a.png": b"1", "b.png": b"3"}) == ("b.png",)
    assert (tmp_path / "game/art/a.png").stat().st_mtime_ns == before


def test_files_that_an_asset_no_longer_publishes_are_removed(tmp_path: Path) -> None:
    put(tmp_path, {"a.png": b"1", "b.png": b"2"})
    put(tmp_path, {"a.png": b"1"})
    assert not (tmp_path / "game/art/b.png").exists()


def test_folders_that_are_empty_after_a_removal_are_removed(tmp_path: Path) -> None:
    put(tmp_path, {"a.png": b"1", "items/old/b.png": b"2", "items/c.png": b"3"})
    put(tmp_path, {"a.png": b"1", "items/c.png": b"3"})
    assert (sorted(path.name for path in (tmp_path / "game/art/items").iterdir())) == ["c.png"]
    put(tmp_path, {"a.png": b"1"})
    assert not (tmp_path / "game/art/items").exists()


def test_a_hand_edited_file_is_kept_without_overwrite(tmp_path: Path) -> None:
    put(tmp_path, {"a.png": b"1"})
    edited = tmp_path / "game/art/a.png"
    edited.write_bytes(b"mine")
    with pytest.raises(PublishError, match="edited by hand"):
        put(tmp_path, {"a.png": b"2"})
    assert edited.read_bytes() == b"mine"
    assert put(tmp_path, {"a.png": b"2"}, overwrite=True) == ("a.png",)


def test_a_foreign_file_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "game/art").mkdir(parents=True)
    (tmp_path / "game/art/a.png").write_bytes(b"theirs")
    with pytest.raises(PublishError, match="not from this pack"):
        put(tmp_path, {"a.png": b"1"})


def test_two_assets_cannot_publish_the_same_file(tmp_path: Path) -> None:
    put(tmp_path, {"wall_normal.png": b"1"}, "wall")
    with pytest.raises(PublishError, match="asset 'wall' already publishes"):
        put(tmp_path, {"wall_normal.png": b"2"}, "wall_normal")


@pytest.mark.parametrize("path", ["../a.png", "/a.png", "a/../../b.png", "con.png"])
def test_a_path_outside_the_target_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError):
        put(tmp_path, {path: b"1"})


def test_a_link_out_of_the_target_is_refused(tmp_path: Path) -> None:
    (tmp_path / "game/art").mkdir(parents=True)
    (tmp_path / "game/art/sub").symlink_to(tmp_path)
    with pytest.raises(PublishError, match="link"):
        put(tmp_path, {"sub/a.png": b"1"})


def test_a_read_only_file_is_reported_and_kept(tmp_path: Path) -> None:
    put(tmp_path, {"a.png": b"1"})
    (tmp_path / "game/art/a.png").chmod(0o444)
    with pytest.raises(PublishError, match="read-only"):
        put(tmp_path, {"a.png": b"2"})
    assert (tmp_path / "game/art/a.png").read_bytes() == b"1"


def test_files_of_a_killed_build_are_recognised_by_the_next_one(tmp_path: Path) -> None:
    killed = target(tmp_path)
    killed.publish("a", {"a.png": b"1"}, ManifestEntry("k"))
    assert put(tmp_path, {"a.png": b"2"}) == ("a.png",)


def test_pruning_keeps_edited_files(tmp_path: Path) -> None:
    put(tmp_path, {"a.png": b"1", "b.png": b"1"})
    (tmp_path / "game/art/b.png").write_bytes(b"mine")
    into = target(tmp_path)
    into.expect([])
    outcome = into.remove_leaving()
    assert (outcome.removed, outcome.kept) == (("a.png",), ("b.png",))


def test_a_folder_of_another_pack_is_refused(tmp_path: Path) -> None:
    put(tmp_path, {"a.png": b"1"})
    with pytest.raises(PublishError, match="belongs to the pack 'p'"):
        Target(tmp_path / "game", "art", "other")


def test_a_new_game_is_created_only_in_an_empty_folder(tmp_path: Path) -> None:
    into = target(tmp_path)
    into.start_game({"project.godot": b"new"})
    into.start_game({"project.godot": b"again"})
    assert (tmp_path / "game/project.godot").read_bytes() == b"new"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        '{"assetgen": "x", "pack": "p", "assets": {}}',
        '{"assetgen": 1, "pack": "p", "assets": []}',
        '{"assetgen": 1, "pack": "p", "assets": {"a": 3}}',
        '{"assetgen": 1, "pack": "p", "assets": {"a": {"files": {}}}}',
        '{"assetgen": 1, "pack": "p", "assets": {"a": {"key": "", "files": {"../x": ""}, "engine_owned": []}}}',
        '{"assetgen": 1, "pack": "p", "assets": {"a": {"key": "", "files": {}, "engine_owned": [{}]}}}',
    ],
    ids=["empty", "list", "deep", "version", "assets", "asset", "facts", "outside", "pattern"],
)
def test_an_invalid_manifest_is_an_error(tmp_path: Path, text: str) -> None:
    put(tmp_path, {"a.png": b"1"})
    (tmp_path / "game/art/manifest.json").write_text(text)
    with pytest.raises(PublishError, match="is not a manifest of assetgen"):
        target(tmp_path)


def test_a_newer_manifest_is_an_error_in_any_form(tmp_path: Path) -> None:
    put(tmp_path, {"a.png": b"1"})
    (tmp_path / "game/art/manifest.json").write_text('{"assetgen": 9, "packs": []}')
    with pytest.raises(PublishError, match="was written by a newer assetgen"):
        target(tmp_path)


def test_a_shared_file_stays_until_its_last_asset_leaves_and_follows_newer_versions(tmp_path: Path) -> None:
    script, entry = tmp_path / "game/art/import.py", ManifestEntry("k", shared=("import.py",))
    for name, version in (("a", b"1"), ("b", b"1"), ("a", b"2"), ("a", b"3"), ("b", b"3")):
        into = target(tmp_path)
        into.publish(name, {f"{name}.png": b"", "import.py": version}, entry)
        into.finish()
        assert script.read_bytes() == version and not any(map(target(tmp_path).edited, into.assets))
    put(tmp_path, {"a.png": b""})
    assert script.exists()
    script.write_bytes(b"mine")
    with pytest.raises(PublishError, match=r"import.py' was edited by hand"):
        target(tmp_path).publish("c", {"import.py": b"4"}, entry)
    script.write_bytes(b"3")
    put(tmp_path, {"b.png": b""}, "b")
    assert not script.exists()
