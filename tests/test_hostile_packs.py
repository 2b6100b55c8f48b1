"""Packs of strangers: names, links, presets and model cards that no build expects."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assetgen.build.publish import sweep
from assetgen.errors import InputError, printable
from assetgen.events import Failed
from assetgen.pack.inbox import inbox_files
from assetgen.pack.library import Library, load_pack
from assetgen.pack.resolve import resolve_pack
from assetgen.pack.weights import weights_digest

Assetgen = Callable[..., tuple[int, str, str]]
PACK = "pack: p\nassets: {a: {preset: picture, image_file: {image: a.png}}}\n"
PRESET = "preset: picture\nuse: picture\nsource: image_file\n"


def write_pack_in(folder: Path, text: str = PACK) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pack.yaml").write_text(text)
    (folder / "picture.yaml").write_text(PRESET)
    Image.fromarray(np.full((8, 8, 3), 200, np.uint8)).save(folder / "a.png")
    return folder


@pytest.mark.parametrize(
    "text", ["a\nb", "a\x1b[31m", "a\u202eb", "a\u2066b", "a\u200fb", "a\udcff", "a\x7f", "a\ufeff"]
)
def test_messages_escape_characters_that_a_terminal_executes_or_hides(text: str) -> None:
    shown = str(InputError(f"there is no file '{text}'", where=text))
    assert shown.isprintable()
    assert shown.count(repr(text)[1:-1]) == 2


def test_other_writing_systems_stay_as_they_are_in_messages() -> None:
    text = "dragon, drăgon, 龍, تنين, 🐉, می‌خواهم"
    assert printable(text) == text


def test_a_message_about_a_very_long_name_is_short() -> None:
    assert len(str(InputError(f"there is no preset '{'a' * 1_000_000}'", cure="Known: x."))) < 2_100


def test_an_event_about_bytes_that_are_not_text_can_be_printed() -> None:
    line = Failed(reason="no file 'a\udcff'").to_json()
    assert json.loads(line.encode())["reason"] == "no file 'a\udcff'"


@pytest.mark.skipif(os.name != "posix", reason="Windows forbids such names")
def test_a_pack_in_a_folder_whose_name_is_not_utf8_is_built(tmp_path: Path, assetgen: Assetgen) -> None:
    folder = write_pack_in(Path(os.fsdecode(os.fsencode(tmp_path) + b"/n\xff")))
    code, out, _ = assetgen("build", folder, "--game", folder / "game", "--json")
    assert code == 0
    assert json.loads(out.splitlines()[-1])["published"] == 1
    assert assetgen("check", folder, "--game", folder / "game")[0] == 0
    assert "n\\udcff/nothing'. A pack is a folder" in assetgen("build", folder / "nothing")[2]


@pytest.mark.parametrize("command", ["build", "plan", "check"])
def test_a_path_that_is_too_long_is_one_sentence(tmp_path: Path, assetgen: Assetgen, command: str) -> None:
    code, _, err = assetgen(command, "a" * 5_000)
    assert code == 2 and "there is no pack" in err
    code, _, err = assetgen(command, write_pack_in(tmp_path), "--game", "a" * 5_000)
    assert code == 2 and "cannot be read (File name too long)" in err


def test_an_input_file_with_a_name_that_is_too_long_is_one_sentence(tmp_path: Path) -> None:
    write_pack_in(tmp_path, PACK.replace("a.png", "a" * 5_000))
    with pytest.raises(InputError, match="there is no file"):
        resolve_pack(load_pack(tmp_path))


def test_a_folder_named_like_a_temporary_file_stays(tmp_path: Path) -> None:
    (tmp_path / ".assetgen-x.part").mkdir()
    (tmp_path / ".assetgen-y.part").write_bytes(b"")
    sweep([tmp_path])
    assert [path.name for path in tmp_path.iterdir()] == [".assetgen-x.part"]


@pytest.mark.parametrize("target", ["/", "..", "."])
def test_an_inbox_link_to_a_folder_above_is_not_followed(tmp_path: Path, target: str) -> None:
    inbox = write_pack_in(tmp_path) / "inbox"
    inbox.mkdir()
    (inbox / "up").symlink_to(target)
    Image.new("RGB", (8, 8)).save(inbox / "stone.png")
    assert [name for _, name in inbox_files(load_pack(tmp_path))] == ["stone"]


def test_an_inbox_link_to_a_folder_elsewhere_is_followed(tmp_path: Path) -> None:
    (write_pack_in(tmp_path / "pack") / "inbox").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "pack/inbox/more").symlink_to(tmp_path / "elsewhere")
    Image.new("RGB", (8, 8)).save(tmp_path / "elsewhere/stone.png")
    assert [name for _, name in inbox_files(load_pack(tmp_path / "pack"))] == ["more/stone"]


def test_a_long_chain_of_presets_is_one_sentence(tmp_path: Path) -> None:
    for number in range(300):
        parent = "source: fake" if number == 299 else f"extends: p{number + 1}"
        (tmp_path / f"p{number}.yaml").write_text(f"preset: p{number}\n{parent}\n")
    library = Library((tmp_path,))
    for name in ("p0", "p248"):
        with pytest.raises(InputError, match=f"'{name}' extends more than 49 others. Shorten"):
            library.preset(name)
    assert len(library.preset("p250").lineage) == 50


def test_the_verdict_on_a_chain_of_presets_does_not_depend_on_what_was_read_before(tmp_path: Path) -> None:
    for number in range(60):
        parent = "source: fake" if number == 59 else f"extends: p{number + 1}"
        (tmp_path / f"p{number}.yaml").write_text(f"preset: p{number}\n{parent}\n")
    library = Library((tmp_path,))
    for number in reversed(range(10, 60)):
        library.preset(f"p{number}")
    with pytest.raises(InputError, match="'p9' extends more than"):
        library.preset("p9")


@pytest.mark.parametrize("path", ["/", "/proc", "/dev", "/dev/zero", "/etc"])
def test_a_folder_that_is_no_models_is_not_hashed(path: str) -> None:
    with pytest.raises(InputError, match="no weights in"):
        weights_digest(Path(path))


def test_a_folder_of_too_many_files_is_not_hashed(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    for number in range(10_001):
        (tmp_path / f"{number}.json").symlink_to("config.json")
    with pytest.raises(InputError, match="more than 10,000 files"):
        weights_digest(tmp_path)


@pytest.mark.parametrize("file", ["/proc/kcore", "/proc/kmsg"])
def test_a_weight_file_of_the_kernel_is_not_read(tmp_path: Path, file: str) -> None:
    if not Path(file).exists():
        pytest.skip(f"this system has no {file}")
    (tmp_path / "model.safetensors").symlink_to(file)
    if Path(file).stat().st_size:
        with pytest.raises(InputError, match="larger than"):
            weights_digest(tmp_path / "model.safetensors")
    else:
        assert len(weights_digest(tmp_path / "model.safetensors")) == 64


@pytest.mark.parametrize("number", ["9" * 5_000, "0x" + "f" * 5_000, "0b" + "1" * 20_000, "1" + "_0" * 5_000])
def test_a_number_of_thousands_of_digits_is_one_sentence(tmp_path: Path, number: str) -> None:
    write_pack_in(tmp_path, PACK.replace("a.png", number))
    with pytest.raises(InputError, match=r"pack.yaml:2: .*is not a valid value; quote it if it is text"):
        load_pack(tmp_path)
