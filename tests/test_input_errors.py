"""Mistakes in packs, presets and arguments are reported in one line with file and line number, exit code 2."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

Run = Callable[..., tuple[int, str, str]]
PACK = "pack: p\nassets:\n  a: {preset: tile_texture, prompt: x%s}\n"


def build(assetgen: Run, folder: Path, text: str) -> tuple[int, str]:
    (folder / "pack.yaml").write_text(text)
    code, _, err = assetgen("build", folder, "--draft", "--game", folder / "game", "--store", folder / "store")
    return code, err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (", diffusion: {scale: 2}", "pack.yaml:3: diffusion: 'scale'"),
        (", diffusion: {scale: big}", "pack.yaml:3: diffusion: 'scale'"),
        (", diffusion: {scale: [.inf, 1]}", "pack.yaml:3: diffusion: 'scale.0'"),
        (", diffusion: {scale: ['2', 1]}", "pack.yaml:3: diffusion: 'scale.0' should be a number, not '2'"),
        (", diffusion: {scale: [-1, 1]}", "pack.yaml:3: diffusion: 'scale.0' should be greater than 0"),
        (", seed: 1.5", "pack.yaml:3: 'assets.a.seed' should be a whole number, not 1.5"),
        ("}\n  b: {preset: pixel_sprite, prompt: x, pixelate: {cell: big}", "pack.yaml:4: pixelate: 'cell' should be"),
        (", diffusion: {size: [9000, 64]}", "pack.yaml:3: diffusion: 'size.0' should be less than or equal to 8192"),
        (", members: [a]", "pack.yaml:3: no asset matches the member 'a'"),
        (", members: a", "pack.yaml:3: 'assets.a.members' should be a list, [A, B]"),
        (", seamless: {band: 2020-13-45}", "pack.yaml:3: this is not plain YAML ('2020-13-45' is not a valid value"),
        ("}\n  b: {preset: sprite, prompt: x, members: [a]", "pack.yaml:4: preset 'sprite' does not use members"),
        ("}\n  'b_{c}': {preset: sprite, prompt: x, matrix: {c: []}", "pack.yaml:4: the matrix axis {c} has no values"),
        ("}\n  A: {preset: sprite, prompt: x", "pack.yaml:4: two assets are named 'A'"),
    ],
)
def test_a_mistake_in_an_asset_is_reported_with_its_line(
    assetgen: Run, tmp_path: Path, words: str, message: str
) -> None:
    code, err = build(assetgen, tmp_path, PACK % words)
    assert (code, message in err) == (2, True), err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n- b\n", "pack.yaml:1: the file should be a mapping, KEY: VALUE"),
        ("pack: p\nassets: {a: 3}\n", "pack.yaml:2: 'assets.a' should be a mapping, KEY: VALUE"),
        ("pack: p\nassets: {yes: {preset: sprite}}\n", "pack.yaml:2: the key True is not text. Write it in quotes"),
        ('pack: p\ngame: "x\\0"\nassets: {}\n', "pack.yaml:2: a folder name cannot contain a NUL character"),
        (
            "pack: p\nassets:\n- {name: a, preset: sprite}\n- {preset: sprite}\n",
            "pack.yaml:4: this asset has no 'name'",
        ),
        ("pack: p\nassets:\n- {name: a, preset: sprite}\n- {name: a, preset: sprite}\n", "pack.yaml:4: two assets are"),
        ("pack: p\nassets:\n- {name: a, preset: sprite}\n- {name: b, preset: 3}\n", "pack.yaml:4: 'assets.b.preset'"),
        ("pack: p\ntarget: /tmp/x\nassets: {}\n", "pack.yaml:2: the target '/tmp/x' is not a folder inside the game"),
        ("pack: p\ntarget: ..\nassets: {}\n", "pack.yaml:2: the target '..' is not a folder inside the game"),
    ],
)
def test_a_mistake_in_a_packs_structure_is_reported_with_its_line(
    assetgen: Run, tmp_path: Path, text: str, message: str
) -> None:
    code, err = build(assetgen, tmp_path, text)
    assert (code, message in err) == (2, True), err


COLORED = "pack: p\npalette: %s\nassets: {a: {preset: pixel_sprite, prompt: x}}"
NEITHER = "neither a file beside the pack nor a shipped one of this name"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "pack: p\nassets:\n  panel:\n    prest: ui_panel\n    prompt: x\n",
            "pack.yaml:4: 'assets.panel.preset' is missing, and 'prest' is unknown. Did you mean 'preset'?",
        ),
        ("pack: p\nassets:\n  panel: {prompt: x}\n", "pack.yaml:3: 'assets.panel.preset' is missing.\n"),
        ("pakc: p\nassets: {}\n", "pack.yaml:1: 'pack' is missing, and 'pakc' is unknown. Did you mean 'pack'?"),
        (COLORED % "foo.hex", f"2: there is no palette 'foo.hex', {NEITHER}. `assetgen palettes list` shows those."),
        (COLORED % "mono3.hex", f"2: there is no palette 'mono3.hex', {NEITHER}. Did you mean 'mono2.hex'?"),
    ],
)
def test_a_misspelt_key_or_palette_has_its_cure(assetgen: Run, tmp_path: Path, text: str, message: str) -> None:
    code, err = build(assetgen, tmp_path, text)
    assert (code, message in err) == (2, True), err


INVALID = ("out\n", "a\nb", "a\tb", "\x7f", "ä\u202e", "x" * 121, "/", "a//b", "C:/x", "a:b", "a\\b")
INVALID_ON_WINDOWS = ("out ", " out", "out.", "a./b", "a /b", "...", "con", "art/NUL.x", "a/com1")


@pytest.mark.parametrize("target", INVALID + INVALID_ON_WINDOWS)
def test_a_target_that_is_invalid_on_some_system_is_refused(assetgen: Run, tmp_path: Path, target: str) -> None:
    code, err = build(assetgen, tmp_path, f"target: {json.dumps(target)}\n" + PACK % "")
    assert (code, err.count("\n")) == (2, 1), err
    assert f"{tmp_path}/pack.yaml:1: the target '" in err and "Write it like art/dungeon" in err
    assert not (tmp_path / "game").exists()


def test_a_game_folder_with_a_too_long_name_is_refused(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text(f"pack: p\ngame: {'g' * 300}\nassets: {{}}\n")
    code, _, err = assetgen("build", tmp_path, "--draft", "--store", tmp_path / "store")
    assert (code, "pack.yaml:2: the game folder" in err, "File name too long" in err) == (2, True, True), err


def test_the_game_folder_itself_may_be_the_target(assetgen: Run, tmp_path: Path) -> None:
    assert build(assetgen, tmp_path, "target: .\n" + PACK % "")[0] == 0
    assert (tmp_path / "game/a.png").is_file()


def test_members_are_refused_for_a_source_without_members(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "photo.yaml").write_text("preset: photo\nsource: image_file\n")
    Image.new("RGB", (8, 8)).save(tmp_path / "in.png")
    words = "{preset: photo, image_file: {image: in.png}%s}"
    code, err = build(assetgen, tmp_path, f"pack: p\nassets:\n  a: {words % ''}\n  b: {words % ', members: [a]'}\n")
    assert (code, "pack.yaml:4: preset 'photo' does not use members" in err) == (2, True), err


def test_a_yaml_file_of_another_program_beside_a_pack_is_ignored(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {a: 3}\n")
    assert build(assetgen, tmp_path, "defaults: {trim: {padding: 2}}\n" + PACK % "")[0] == 0
    assert assetgen("presets", "list", "--pack", tmp_path)[0] == 0
    assert assetgen("presets", "validate", tmp_path)[0] == 2, "there is no preset in it"


def test_presets_list_reports_a_broken_preset_and_lists_the_others(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("preset: mine\nextends: sprte\n")
    code, out, _ = assetgen("presets", "list", "--pack", tmp_path)
    assert (code, "cannot be used" in out, "pixel_sprite" in out) == (0, True, True)


def test_broken_yaml_is_reported_for_presets_only(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "chart.yaml").write_text("services: {{ x }}:\n - [\n")
    (tmp_path / "mine.yaml").write_text("preset: mine\nextends: [sprite\n")
    assert "is not plain YAML" in assetgen("presets", "list", "--pack", tmp_path)[1]
    code, _, err = assetgen("presets", "validate", tmp_path)
    assert (code, "mine.yaml:2: this is not plain YAML" in err, "chart" in err) == (2, True, False)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("steps:\n- trim\n- cutt: {alpha: hard}", "mine.yaml:5: there is no step 'cutt'. Did you mean 'cutout'?"),
        ("steps:\n- trim\n- pixelate:\n    colours: 3", "mine.yaml:6: pixelate: unknown key 'colours'"),
        ("steps: [{trim: {as: last,\n  pad: 3}}]", "mine.yaml:4: last: unknown key 'pad'"),
        ("source:\n  diffusion: {stepz: 3}", "mine.yaml:4: diffusion: unknown key 'stepz'. Did you mean 'steps'?"),
        ("defaults:\n  pixelate:\n    colors: x", "mine.yaml:5: pixelate: 'colors' should be a whole number"),
    ],
)
def test_a_mistake_in_a_preset_is_reported_with_its_line_also_for_presets_that_extend_it(
    assetgen: Run, tmp_path: Path, words: str, message: str
) -> None:
    (tmp_path / "mine.yaml").write_text(f"preset: mine\nextends: pixel_sprite\n{words}\n")
    (tmp_path / "heir.yaml").write_text("preset: heir\nextends: mine\n")
    for name in ("mine", "heir"):
        code, _, err = assetgen("presets", "validate", tmp_path / f"{name}.yaml")
        assert (code, message in err) == (2, True), err


def test_a_presets_defaults_must_name_its_parts(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("preset: mine\nextends: pixel_sprite\ndefaults: {pixelatee: {colors: 4}}\n")
    code, _, err = assetgen("presets", "validate", tmp_path)
    assert (code, "mine.yaml:3: unknown part 'pixelatee'. Did you mean 'pixelate'?" in err) == (2, True)


def test_shipped_palettes_are_found_from_packs_and_commands(assetgen: Run, tmp_path: Path) -> None:
    words = "{preset: pixel_sprite, prompt: x, pixelate: {palette: dungeon16.hex, colors: null}}"
    code, err = build(assetgen, tmp_path, f"pack: p\nassets:\n  a: {words}\n")
    assert code == 0, err
    Image.new("RGB", (8, 8), "red").save(tmp_path / "in.png")
    assert assetgen("post", "palette:palette=dungeon16.hex", tmp_path / "in.png", tmp_path / "out.png")[0] == 0


def test_a_hash_in_a_colour_is_not_a_yaml_comment(assetgen: Run, tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "in.png")
    code, _, err = assetgen("post", "outline:color=#ff0000", tmp_path / "in.png", tmp_path / "out.png")
    assert code == 0, err


@pytest.mark.parametrize("setting", ["diffusion.seed=3", "diffusion.model=sdxl", "seed.x=3", "model.x=1"])
def test_make_refuses_settings_that_it_has_options_for(assetgen: Run, setting: str) -> None:
    code, _, err = assetgen("make", "sprite", "x", "--set", "diffusion.steps=9", "--set", setting, "--draft")
    assert (code, f"--set cannot change '{setting.partition('=')[0]}'" in err) == (2, True)


def test_an_image_above_the_pixel_limit_is_refused(assetgen: Run, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "in.png")
    for size in ("width=9000,height=9000", "size=[9000,9000]"):
        code, _, err = assetgen("post", f"resize:{size}", tmp_path / "in.png", tmp_path / "out.png")
        assert (code, "at most 67,108,864 pixels, not 9000 × 9000" in err) == (2, True)


def test_depth_writes_only_png(assetgen: Run) -> None:
    code, _, err = assetgen("depth", "keep.glb", "-o", "depth.jpg")
    assert (code, "'depth.jpg' is not a .png file" in err) == (2, True)


def test_a_closed_stdout_ends_a_build_without_an_error_message(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text(PACK % "")
    words = ["build", str(tmp_path), "--draft", "--json", "--game", str(tmp_path / "g"), "--store", str(tmp_path / "s")]
    command = [sys.executable, "-m", "assetgen.cli", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout and running.stderr
        running.stdout.close()
        assert (running.stderr.read(), running.wait()) == (b"", 130)


def test_a_model_without_tokenizer_files_is_reported_by_verify_and_list(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "weights/tokenizer").mkdir(parents=True)
    (tmp_path / "weights/model_index.json").write_text(json.dumps({"tokenizer": ["transformers", "CLIPTokenizer"]}))
    card = "model: mine\nfamily: stable_diffusion\nweights: {folder: ../weights}\nlicence: MIT\nnative: [64, 64]\n"
    (tmp_path / "models/mine.yaml").write_text(card)
    code, _, err = assetgen("models", "verify", "mine", "--pack", tmp_path)
    assert (code, "the vocabulary is missing from" in err) == (2, True), err
    [row] = [line for line in assetgen("models", "list", "--pack", tmp_path)[1].splitlines() if "mine" in line]
    assert "not whole" in row
