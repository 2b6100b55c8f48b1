"""The plugin in a Godot project: its files are installed and replaced; only one line of `project.godot` changes."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from assetgen.build.publish import PublishResult
from assetgen.errors import InputError, PublishError
from assetgen.install.godot_project import ADDON, install_plugin, with_plugin

Install = Callable[..., PublishResult]
PATH = "res://addons/assetgen/plugin.cfg"
LINE = f'enabled=PackedStringArray("{PATH}")\n'
PLAIN = 'config_version=5\n\n[application]\n\nconfig/name="My Game"\n'
LOCAL = {"program.cfg": b"[assetgen]\n"}
FILES = {"plugin.cfg": b"[plugin]\n", "dock.gd": b"extends Node\n", "dock.gd.uid": b"uid://b1\n"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty Godot 4 project."""
    folder = tmp_path / "my game"
    folder.mkdir()
    (folder / "project.godot").write_text(PLAIN)
    return folder


@pytest.fixture
def install(project: Path, tmp_path: Path) -> Install:
    """Install these files as the plugin."""

    def run(files: Mapping[str, bytes] = FILES, **words: bool) -> PublishResult:
        return install_plugin(project, files, tmp_path / "locks", lambda _: None, local=LOCAL, **words)

    return run


def enabled(text: str) -> str:
    return with_plugin(text.encode(), "project.godot").decode()


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file): (file.read_bytes(), file.stat().st_mtime_ns) for file in files}


def test_the_plugin_is_installed_and_enabled(project: Path, install: Install) -> None:
    install()
    assert {path: (project / ADDON / path).read_bytes() for path in FILES} == FILES
    assert (project / "project.godot").read_text() == f"{PLAIN}\n[editor_plugins]\n\n{LINE}"


def test_a_second_installation_changes_no_file(project: Path, install: Install) -> None:
    install()
    before = everything(project)
    assert install() == PublishResult((), (), ())
    assert everything(project) == before


def test_files_of_this_machine_are_ignored_by_git_and_always_replaced(project: Path, install: Install) -> None:
    rules = project / ADDON / ".gitignore"
    assert {"program.cfg", ".gitignore"} < set(install().written)
    assert rules.read_text() == "/.gitignore\n/program.cfg\n"
    (project / ADDON / "program.cfg").write_text("of another machine")
    rules.write_text("*.tmp")
    assert install().written == (".gitignore", "program.cfg")
    assert (project / ADDON / "program.cfg").read_bytes() == LOCAL["program.cfg"]
    assert rules.read_text() == "*.tmp\n/program.cfg\n"


def test_a_newer_plugin_replaces_the_older_one_and_removes_its_obsolete_files(project: Path, install: Install) -> None:
    install()
    (project / ADDON / "icon.svg.import").write_text("what Godot wrote")
    done = install({"plugin.cfg": b"[plugin]\nnew\n", "panel.gd": b"extends Control\n"})
    assert set(done.removed) == {"dock.gd", "dock.gd.uid"}
    left = {"plugin.cfg", "panel.gd", "icon.svg.import", "manifest.json", ".gitignore", *LOCAL}
    assert {file.name for file in (project / ADDON).iterdir()} == left


def test_a_file_edited_by_hand_is_refused_and_nothing_changes(project: Path, install: Install) -> None:
    install()
    (project / ADDON / "dock.gd").write_text("mine")
    before = everything(project)
    with pytest.raises(PublishError, match=r"dock\.gd' was edited by hand"):
        install({**FILES, "plugin.cfg": b"new", "dock.gd": b"new"})
    assert everything(project) == before
    install({**FILES, "dock.gd": b"new"}, overwrite=True)
    assert (project / ADDON / "dock.gd").read_bytes() == b"new"


def test_an_edited_file_that_a_newer_plugin_no_longer_has_is_kept(project: Path, install: Install) -> None:
    install()
    (project / ADDON / "dock.gd").write_text("mine")
    assert install({"plugin.cfg": b"[plugin]\n"}).kept == ("dock.gd",)
    assert (project / ADDON / "dock.gd").read_text() == "mine"


def test_a_killed_installation_can_be_repeated(project: Path, install: Install) -> None:
    install()
    (project / ADDON / "manifest.json").unlink()
    (project / ADDON / ".assetgen-x.part").write_text("half")
    (project / "project.godot").write_text(PLAIN)
    assert install().written == ("project.godot",)
    assert not (project / ADDON / ".assetgen-x.part").exists()


def test_another_plugin_of_the_same_name_is_refused(project: Path, install: Install) -> None:
    (project / ADDON).mkdir(parents=True)
    (project / ADDON / "plugin.cfg").write_text("of somebody else")
    with pytest.raises(PublishError, match="is not from this pack"):
        install()
    assert (project / "project.godot").read_text() == PLAIN


def test_a_link_out_of_the_project_is_refused(project: Path, install: Install, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (project / "addons").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PublishError, match="leaves the game folder"):
        install()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_linked_settings_stay_linked(project: Path, install: Install, tmp_path: Path) -> None:
    (project / "project.godot").rename(tmp_path / "shared.godot")
    (project / "project.godot").symlink_to(tmp_path / "shared.godot")
    install()
    assert (project / "project.godot").is_symlink()
    assert PATH in (tmp_path / "shared.godot").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "is not a Godot project: it has no project.godot. Pass the folder of a game."),
        ("", "is not a Godot 4 project."),
        ("config_version=4\n\n[application]\n", "is not a Godot 4 project."),
        ("[application]\nconfig_version=5\n", "is not a Godot 4 project."),
        (PLAIN + 'a="torn\n', "is damaged: a string in it is not closed."),
        (PLAIN + "a={\n", "is damaged: a bracket in it is not closed."),
        (PLAIN + "[editor_plugins]\nenabled=[1]\n", "lists its plugins in an unknown format."),
    ],
)
def test_a_folder_that_is_not_a_godot_4_project_is_refused(
    project: Path, install: Install, text: str | None, message: str
) -> None:
    (project / "project.godot").unlink()
    if text is not None:
        (project / "project.godot").write_text(text)
    with pytest.raises(InputError) as refused:
        install()
    assert message in str(refused.value)
    assert not (project / "addons").exists()


@pytest.mark.parametrize("name", ["project.godot", "nowhere"])
def test_a_file_or_a_missing_folder_is_not_a_project(project: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="is not a Godot project"):
        install_plugin(project / name, FILES, tmp_path / "locks", lambda _: None, local=LOCAL)


def test_read_only_settings_are_refused(project: Path, install: Install) -> None:
    (project / "project.godot").chmod(0o444)
    with pytest.raises(PublishError, match="is read-only"):
        install()
    assert not (project / "addons").exists()


@pytest.mark.parametrize(
    ("listed", "wanted"),
    [
        ("", f'"{PATH}"'),
        ('"res://addons/zoo/plugin.cfg"', f'"{PATH}", "res://addons/zoo/plugin.cfg"'),
        ('"res://addons/a/plugin.cfg"', f'"res://addons/a/plugin.cfg", "{PATH}"'),
        ('"res://a)\\"/p.cfg" ,\n', f'"res://a)\\"/p.cfg", "{PATH}" ,\n'),
        (f'"{PATH}"', f'"{PATH}"'),
    ],
)
def test_other_plugins_stay_enabled(listed: str, wanted: str) -> None:
    text = f"{PLAIN}\n[editor_plugins]\n\nenabled=PackedStringArray({{}})\n\n[input]\n\nx={{}}\n"
    assert enabled(text.replace("{}", listed, 1)) == text.replace("{}", wanted, 1)


def test_the_section_is_inserted_in_godots_order() -> None:
    tail = '[input]\n\njump={\n"events": [1,\n[2]]\n}\n'
    assert enabled(f"{PLAIN}\n{tail}") == f"{PLAIN}\n[editor_plugins]\n\n{LINE}\n{tail}"


def test_an_empty_section_is_filled() -> None:
    assert enabled(f"{PLAIN}\n[editor_plugins]\n\n[input]\n") == f"{PLAIN}\n[editor_plugins]\n\n{LINE}\n[input]\n"


@pytest.mark.parametrize("disguise", ['config/description="x\n[editor_plugins]\n\nenabled=1\n"', "; [editor_plugins]"])
def test_text_that_only_resembles_the_section_is_unchanged(disguise: str) -> None:
    text = f"{PLAIN}{disguise}\n"
    assert enabled(text) == f"{text}\n[editor_plugins]\n\n{LINE}"


@pytest.mark.parametrize(
    "text", [PLAIN, f"{PLAIN}\n[editor_plugins]\n\nenabled=PackedStringArray()\n", f"{PLAIN}[input]\n"]
)
def test_windows_line_ends_are_kept(text: str) -> None:
    windows = text.replace("\n", "\r\n")
    assert enabled(windows) == enabled(text).replace("\n", "\r\n")


def test_bytes_that_are_not_text_and_a_missing_last_line_end_are_kept() -> None:
    text = b'\xef\xbb\xbf; \xff\nconfig_version=5\n[application]\nname="\xfe\x00"'
    assert with_plugin(text, "x") == text + f"\n\n[editor_plugins]\n\n{LINE}".encode()
