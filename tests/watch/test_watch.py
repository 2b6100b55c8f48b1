"""A saved change is built once; anything else starts no build."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh

from assetgen.build.idle_unloading import IdleUnloader
from assetgen.events import Changed, Failed, Finished, Published, Watching
from assetgen.pixels.image_files import encode_png
from assetgen.watch.error_notes import write_notes

pytestmark = pytest.mark.slow

Start = Callable[..., Any]
PACK = "pack: p\ntarget: art\nassets: {a: {preset: drawing, prompt: x}}\n"
INBOX = 'pack: p\ntarget: art\ninbox: {"*": {preset: drawing, fake: {size: [8, 8]}}}\n'
ONE = "pack: one\ntarget: art\nassets: {a: {preset: drawing, prompt: x}}\n"
TWO = ONE.replace("one", "two")
MESH = "pack: p\ntarget: art\nassets: {a: {preset: drawing, prompt: x, fake: {image: ../shared/in.png}}}\n"
MANY = 400
DRAWING_8 = 'preset: drawing\nuse: picture\nsource: {fake: {prompt: "{prompt}", size: [8, 8]}}\n'


def png(grey: int = 90) -> bytes:
    return encode_png(np.full((8, 8, 3), grey, np.uint8))


def by_rename(path: Path, text: str) -> None:
    path.with_name(path.name + ".tmp").write_text(text)
    path.with_name(path.name + ".tmp").replace(path)


def by_vim(path: Path, text: str) -> None:
    (path.parent / "4913").write_text("")
    (path.parent / "4913").unlink()
    path.rename(path.with_name(path.name + "~"))
    path.write_text(text)
    path.with_name(path.name + "~").unlink()


def in_place(path: Path, text: str) -> None:
    with path.open("r+") as stream:
        stream.truncate(0)
        for letter in text:
            stream.write(letter)
            stream.flush()


def by_removal(path: Path, text: str) -> None:
    path.unlink()
    time.sleep(0.05)
    path.write_text(text)


@pytest.mark.parametrize("save", [by_rename, by_vim, in_place, by_removal])
def test_a_save_is_one_build_however_an_editor_does_it(
    watching: Start, tmp_path: Path, save: Callable[[Path, str], None]
) -> None:
    watched = watching()
    before = (tmp_path / "out/p/art/a.png").read_bytes()
    watched.after(lambda: save(tmp_path / "art/pack.yaml", PACK.replace("x}", "another}")))
    watched.rest()
    assert (tmp_path / "out/p/art/a.png").read_bytes() != before
    assert (watched.builds, len(watched.of(Failed))) == (2, 0)


def test_a_touch_or_a_save_without_changes_builds_nothing(watching: Start, tmp_path: Path) -> None:
    watched = watching()
    pack = tmp_path / "art/pack.yaml"
    pack.touch()
    by_rename(pack, pack.read_text())
    watched.rest()
    assert watched.builds == 1


def test_files_written_by_a_build_start_no_other_build(watching: Start, tmp_path: Path) -> None:
    watched = watching({"pack.yaml": PACK.replace("target: art", "target: out")}, places=(".",))
    watched.after(lambda: by_rename(tmp_path / "pack.yaml", PACK.replace("x}", "y}")))
    watched.rest(0.8)
    assert watched.builds == 2


def test_temporary_files_build_nothing(watching: Start, tmp_path: Path) -> None:
    watched = watching({"art/pack.yaml": INBOX + "assets: {a: {preset: drawing, prompt: x}}\n"})
    (tmp_path / "art/inbox").mkdir()
    for name in (".b.png.swp", "b.png~", "b.png.part", ".DS_Store"):
        (tmp_path / "art/inbox" / name).write_bytes(png())
    watched.rest()
    assert watched.builds == 1


@pytest.mark.parametrize("poll", [0, 0.1])
def test_an_image_outside_the_pack_folder_is_watched(watching: Start, tmp_path: Path, poll: float) -> None:
    (tmp_path / "shared").mkdir()
    watched = watching({"art/pack.yaml": MESH}, poll=poll)
    assert "there is no file" in watched.of(Failed)[0].reason
    watched.after(lambda: (tmp_path / "shared/in.png").write_bytes(png()))
    first = (tmp_path / "out/p/art/a.png").read_bytes()
    watched.after(lambda: (tmp_path / "shared/in.png").write_bytes(png(200)))
    assert (tmp_path / "out/p/art/a.png").read_bytes() != first
    watched.after(lambda: (tmp_path / "shared/in.png").unlink())
    assert "there is no file" in watched.of(Failed)[-1].reason


def test_an_image_in_a_folder_created_later_is_found(watching: Start, tmp_path: Path) -> None:
    watched = watching({"art/pack.yaml": MESH})

    def come() -> None:
        (tmp_path / "shared").mkdir()
        (tmp_path / "shared/in.png").write_bytes(png())

    watched.after(come)
    assert (tmp_path / "out/p/art/a.png").is_file()


def test_a_linked_folder_is_watched(watching: Start, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "art").mkdir()
    (tmp_path / "art/link").symlink_to(tmp_path / "real")
    watched = watching({"art/link/pack.yaml": PACK})
    watched.after(lambda: by_rename(tmp_path / "real/pack.yaml", PACK.replace("x}", "y}")))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/b.png").write_bytes(png())
    watched.after(lambda: by_rename(tmp_path / "real/pack.yaml", INBOX))
    (tmp_path / "real/inbox").symlink_to(tmp_path / "elsewhere")
    watched.wait((tmp_path / "out/p/art/b.png").is_file)
    (tmp_path / "elsewhere/c.png").write_bytes(png())
    watched.wait((tmp_path / "out/p/art/c.png").is_file)


def test_links_to_themselves_do_not_stop_a_pack(watching: Start, tmp_path: Path) -> None:
    watched = watching({"art/pack.yaml": PACK, "other/pack.yaml": PACK.replace("pack: p", "pack: q")}, (".",))
    (tmp_path / "art/loop.pack.yaml").symlink_to("loop.pack.yaml")
    (tmp_path / "art/round.png").symlink_to("round.png")
    change = PACK.replace("prompt: x", "prompt: round.png")
    watched.after(lambda: (tmp_path / "art/pack.yaml").write_text(change))
    watched.after(lambda: (tmp_path / "other/pack.yaml").write_text(change.replace("pack: p", "pack: q")))
    assert watched.of(Failed) == []


@pytest.mark.parametrize("name", ["con", os.fsdecode(b"\xff"), "two\nlines", "x" * 130])
def test_an_invalid_file_name_is_reported_beside_the_file(watching: Start, tmp_path: Path, name: str) -> None:
    inbox = tmp_path / "art/inbox"
    inbox.mkdir(parents=True)
    for each in (name, "good"):
        (inbox / f"{each}.png").write_bytes(png())
    watched = watching({"art/pack.yaml": INBOX})
    watched.wait((inbox / f"{name}.error.txt").is_file)
    assert (tmp_path / "out/p/art/good.png").is_file()
    (inbox / f"{name}.png").rename(inbox / "mended.png")
    watched.wait((tmp_path / "out/p/art/mended.png").is_file)
    watched.wait(lambda: not (inbox / f"{name}.error.txt").exists())


def test_a_preset_beside_the_pack_rebuilds_it_and_one_of_another_name_does_not(watching: Start, tmp_path: Path) -> None:
    watched = watching()
    preset = tmp_path / "art/drawing.yaml"
    watched.after(lambda: by_rename(preset, preset.read_text().replace("16", "24")))
    (tmp_path / "art/other.yaml").write_text("preset: other\n")
    watched.rest()
    assert watched.builds == 2
    before = watched.of(Published)
    (tmp_path / "art/presets").mkdir()
    preset.rename(tmp_path / "art/presets/drawing.yaml")
    watched.rest()
    (tmp_path / "art/presets/drawing.yaml").write_text(DRAWING_8)
    watched.wait(lambda: len(watched.of(Published)) > len(before))


def test_a_slow_copy_is_built_when_the_image_decodes(watching: Start, tmp_path: Path) -> None:
    watched = watching({"art/pack.yaml": INBOX})
    inbox = tmp_path / "art/inbox"
    inbox.mkdir()
    data = png()
    with (inbox / "a.png").open("wb") as stream:
        for part in (data[:20], data[20:40], data[40:]):
            time.sleep(0.35)  # longer than the quiet time
            stream.write(part)
            stream.flush()
    watched.wait((tmp_path / "out/p/art/a.png").is_file)
    watched.rest(0.3)
    assert [event for event in watched.of(Failed) if event.asset] == []


def test_a_truncated_mesh_is_reported_until_it_is_complete(watching: Start, tmp_path: Path) -> None:
    watched = watching({"art/pack.yaml": 'pack: p\ntarget: art\ninbox: {"*.glb": {preset: drawing}}\n'})
    mesh = trimesh.creation.box().export(file_type="glb")
    (tmp_path / "art/inbox").mkdir()
    (tmp_path / "art/inbox/rock.glb").write_bytes(mesh[:100])
    note = tmp_path / "art/inbox/rock.error.txt"
    watched.wait(note.is_file)
    assert "rock.glb" in note.read_text()
    watched.after(lambda: (tmp_path / "art/inbox/rock.glb").write_bytes(mesh))
    watched.wait((tmp_path / "out/p/art/rock.png").is_file)
    watched.wait(lambda: not note.exists())


def test_an_error_note_stays_until_the_error_is_fixed(watching: Start, tmp_path: Path) -> None:
    watched = watching({"art/one/pack.yaml": ONE, "art/two/pack.yaml": TWO})
    note = tmp_path / "art/one/pack.error.txt"
    watched.after(lambda: by_rename(tmp_path / "art/one/pack.yaml", ONE.replace("drawing", "drawin")))
    watched.wait(note.is_file)
    assert "pack.yaml:3: there is no preset 'drawin'" in note.read_text()
    watched.after(lambda: by_rename(tmp_path / "art/two/pack.yaml", TWO.replace("x}", "y}")))
    assert watched.events[-1].__class__ is Finished
    watched.after(lambda: by_rename(tmp_path / "art/one/pack.yaml", ONE))
    watched.wait(lambda: not note.exists())


def test_invalid_yaml_is_reported_after_a_while(watching: Start, tmp_path: Path) -> None:
    watched = watching()
    watched.after(lambda: by_rename(tmp_path / "art/pack.yaml", PACK + "  [\n"))
    watched.wait((tmp_path / "art/pack.error.txt").is_file)
    assert "is not plain YAML" in (tmp_path / "art/pack.error.txt").read_text()


def test_an_error_in_the_yaml_of_an_inbox_file_is_reported_beside_it(watching: Start, tmp_path: Path) -> None:
    watched = watching({"art/pack.yaml": INBOX})
    (tmp_path / "art/inbox").mkdir()
    (tmp_path / "art/inbox/a.yaml").write_text("{sed: {x: 1}}")
    (tmp_path / "art/inbox/a.png").write_bytes(png())
    note = tmp_path / "art/inbox/a.error.txt"
    watched.wait(note.is_file)
    assert "unknown key 'sed'" in note.read_text()
    (tmp_path / "art/inbox/a.yaml").unlink()
    watched.wait((tmp_path / "out/p/art/a.png").is_file)
    watched.wait(lambda: not note.exists())


def test_a_removed_folder_is_not_created_again_for_a_note(tmp_path: Path) -> None:
    write_notes(tmp_path / "moved/pack.yaml", None, [Failed(reason="it is gone")])
    assert not (tmp_path / "moved").exists()


def test_a_note_that_assetgen_did_not_write_is_kept(watching: Start, tmp_path: Path) -> None:
    (tmp_path / "art").mkdir()
    (tmp_path / "art/pack.error.txt").write_text("mine")
    watching()
    assert (tmp_path / "art/pack.error.txt").read_text() == "mine"


def test_a_folder_copied_into_the_inbox_is_built_completely(watching: Start, tmp_path: Path) -> None:
    watched = watching({"art/pack.yaml": INBOX})
    for number in range(20):
        place = tmp_path / f"away/deep/{number % 3}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"n{number}.png").write_bytes(png(number))
    shutil.copytree(tmp_path / "away", tmp_path / "art/inbox")
    watched.wait(lambda: len(list((tmp_path / "out/p/art").rglob("n*.png"))) == 20)


def test_new_moved_and_removed_packs_are_followed(watching: Start, tmp_path: Path) -> None:
    watched = watching({"art/one/pack.yaml": ONE})
    shutil.copytree(tmp_path / "art/one", tmp_path / "away")
    (tmp_path / "away/pack.yaml").write_text(TWO)
    watched.after(lambda: (tmp_path / "away").rename(tmp_path / "art/two"))
    watched.after(lambda: (tmp_path / "art/two").rename(tmp_path / "art/three"))
    watched.wait(lambda: "three" in str(watched.of(Watching)[-1]) and "two" not in str(watched.of(Watching)[-1].packs))
    watched.after(lambda: by_rename(tmp_path / "art/three/pack.yaml", TWO.replace("x}", "y}")))
    watched.wait(lambda: watched.of(Published)[-1].files == ("a.png",))
    shutil.rmtree(tmp_path / "art/one")
    watched.wait(lambda: len(watched.of(Watching)[-1].packs) == 1)
    assert (tmp_path / "out/one/art/a.png").is_file()


def test_a_watched_folder_that_is_removed_and_created_again_is_watched(watching: Start, tmp_path: Path) -> None:
    watched = watching()
    shutil.rmtree(tmp_path / "art")
    watched.wait(lambda: watched.of(Watching)[-1].packs == ())
    (tmp_path / "new").mkdir()
    (tmp_path / "new/pack.yaml").write_text(PACK)
    (tmp_path / "new/drawing.yaml").write_text(DRAWING_8)
    watched.after(lambda: (tmp_path / "new").rename(tmp_path / "art"))
    watched.after(lambda: by_rename(tmp_path / "art/pack.yaml", PACK.replace("x}", "z}")))


def test_one_pack_file_is_watched_alone(watching: Start, tmp_path: Path) -> None:
    packs = {"art/one.pack.yaml": ONE, "art/two.pack.yaml": TWO}
    for name, text in packs.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    watched = watching({"art/one.pack.yaml": ONE}, places=("art/one.pack.yaml",))
    (tmp_path / "art/two.pack.yaml").write_text(TWO.replace("x}", "y}"))
    watched.after(lambda: by_rename(tmp_path / "art/one.pack.yaml", ONE.replace("x}", "y}")))
    assert {event.pack for event in watched.of(Changed)} == {str(tmp_path / "art/one.pack.yaml")}


def test_changes_during_a_build_are_one_build_after_it(watching: Start, tmp_path: Path) -> None:
    many = "".join(f"  a{number}: {{preset: drawing, prompt: {number}}}\n" for number in range(150))
    watched = watching({"art/pack.yaml": f"pack: p\ntarget: art\nassets:\n{many}"})
    watched.events.clear()
    pack = tmp_path / "art/pack.yaml"
    text = pack.read_text()
    by_rename(pack, text.replace("prompt: ", "prompt: other "))
    watched.wait(lambda: watched.of(Published))
    for number in range(5):
        by_rename(pack, text.replace("prompt: ", f"prompt: more {number} "))
        time.sleep(0.01)
    watched.wait(lambda: watched.builds == 2)
    watched.rest()
    assert watched.builds == 2


def test_a_lock_changed_by_another_program_starts_a_build(watching: Start, tmp_path: Path) -> None:
    watched = watching()
    lock = tmp_path / "art/pack.lock"
    whole = lock.read_text()
    watched.after(lock.unlink)
    assert lock.read_text() == whole


def test_a_watch_builds_after_it_unloaded_idle_models(watching: Start, tmp_path: Path) -> None:
    watched = watching(idle=IdleUnloader(0.05))
    watched.rest(0.2)
    watched.after(lambda: by_rename(tmp_path / "art/pack.yaml", PACK.replace("x}", "y}")))


@pytest.mark.slow
def test_hundreds_of_new_files_are_each_built_once(watching: Start, tmp_path: Path) -> None:
    watched = watching({"art/pack.yaml": INBOX})
    (tmp_path / "art/inbox").mkdir()
    data = png()
    for number in range(MANY):
        (tmp_path / f"art/inbox/f{number}.png").write_bytes(data)
    watched.wait(lambda: sum(event.published for event in watched.of(Finished)) >= MANY)
    watched.rest()
    published = [event.asset for event in watched.of(Published) if event.asset]
    assert (len(published), len(set(published)), watched.of(Failed)[1:]) == (MANY, MANY, [])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_hostile_folders_never_stop_the_watch(watching: Any) -> None:
    watched = watching()
    art = watched.folder / "art"
    (art / "inbox").mkdir()
    (art / "inbox" / "root").symlink_to("/")
    (art / "inbox" / "self.glb").symlink_to("self.glb")
    (art / "zero.pack.yaml").symlink_to("/dev/zero")
    os.mkfifo(art / "pipe.pack.yaml")
    os.mkfifo(art / "pack.error.txt")
    (art / "folder.pack.yaml").mkdir()
    Path(os.fsdecode(os.fsencode(art) + b"/\xff\xfe.pack.yaml")).write_text(PACK)
    (art / "long.pack.yaml").write_text(
        f"pack: q\nassets: {{a: {{preset: '{'x' * 300}.yaml', prompt: '{'y' * 900}.png'}}}}"
    )
    (art / "nul.pack.yaml").write_text('pack: q\nmodel: "a\\0b"\nassets: {a: {preset: "a\\0b", prompt: "a\\0.png"}}')
    watched.after(lambda: (art / "other.pack.yaml").write_text(PACK.replace("pack: p", "pack: other")))
    (art / "pack.yaml").unlink()
    (art / "pack.yaml").mkdir()
    watched.after(lambda: (art / "last.pack.yaml").write_text(PACK.replace("pack: p", "pack: last")), 2)
    watched.wait(lambda: (watched.folder / "out" / "last" / "art" / "a.png").exists())
