"""The commands of the command line."""

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from assetgen.pack.weights import BUNDLED_WEIGHTS
from assetgen.pixels.image_files import encode_png, read_image

Run = Callable[..., tuple[int, str, str]]
PACK = "pack: p\nassets: {a: {preset: painted_concept, prompt: x}}"


def draft(run: Run, folder: Path, *more: str) -> tuple[int, str, str]:
    return run("build", folder, "--draft", "--game", folder / "game", "--store", folder / "store", *more)


def test_build_makes_files_and_json_events(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text(PACK)
    code, out, _ = draft(assetgen, tmp_path, "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert (code, events[0]["event"], events[-1]["event"]) == (0, "planned", "finished")
    assert (tmp_path / "game/a.png").is_file()


def test_text_for_people_goes_to_stderr(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text(PACK)
    code, out, err = draft(assetgen, tmp_path)
    assert (code, out) == (0, "")
    assert "1 published" in err


def test_only_builds_some_and_prunes_nothing(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("pack: p\nassets: {'{a,b}': {preset: painted_concept, prompt: '{a,b}'}}")
    draft(assetgen, tmp_path)
    assert draft(assetgen, tmp_path, "--only", "b")[0] == 0
    assert (tmp_path / "game/a.png").is_file()


def test_make_counts_names_and_seeds(assetgen: Run, tmp_path: Path) -> None:
    words = ("--draft", "-n", "2", "--set", "pixelate.colors=4", "-o", tmp_path / "o", "--store", tmp_path / "s")
    code, _, _ = assetgen("make", "pixel_sprite", "a red dragon", *words)
    assert code == 0
    made = sorted(path.name for path in (tmp_path / "o").glob("*.png"))
    assert made == ["a_red_dragon_draft_01.png", "a_red_dragon_draft_02.png"]
    assert len(np.unique(read_image(tmp_path / "o" / made[0]).reshape(-1, 4), axis=0)) <= 8


def test_depth_renders_a_mesh(assetgen: Run, tmp_path: Path) -> None:
    trimesh.creation.icosphere().export(tmp_path / "ball.glb")
    code, out, _ = assetgen(
        "depth", tmp_path / "ball.glb", "-o", tmp_path / "d.png", "--size", "64x48", "--set", "fov=30"
    )
    assert (code, out.strip()) == (0, str(tmp_path / "d.png"))
    assert read_image(tmp_path / "d.png").shape == (48, 64, 3)


def test_post_writes_animations_as_a_sheet_or_a_moving_picture(assetgen: Run, tmp_path: Path) -> None:
    Image.fromarray(np.arange(192, dtype=np.uint8).reshape(4, 16, 3)).save(tmp_path / "in.png")
    for output in ("walk.png", "walk.gif"):
        assert assetgen("post", "split_sheet:columns=4", tmp_path / "in.png", tmp_path / output)[0] == 0
    assert len(json.loads((tmp_path / "walk.json").read_text())["frames"]) == 4
    assert (tmp_path / "walk.gif").read_bytes().startswith(b"GIF89a")
    assert assetgen("post", "trim", tmp_path / "in.png", tmp_path / "still.gif")[0] == 2


def test_post_runs_steps_on_an_image(assetgen: Run, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), "white").save(tmp_path / "in.png")
    code, _, _ = assetgen("post", "resize:width=16,height=16,filter=area", tmp_path / "in.png", tmp_path / "out.png")
    assert (code, read_image(tmp_path / "out.png").shape) == (0, (16, 16, 3))


def test_post_does_not_replace_its_input(assetgen: Run, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), "red").save(tmp_path / "in.png")
    (tmp_path / "in_normal.png").symlink_to(tmp_path / "in.png")
    before = (tmp_path / "in.png").read_bytes()
    for words in (("trim", "in.png", "in.png"), ("pbr_maps", "in_normal.png", "in.png")):
        code, _, err = assetgen("post", words[0], *(tmp_path / each for each in words[1:]))
        assert (code, "is the input, which post does not replace" in err, err.count("\n")) == (2, True, 1)
    assert (tmp_path / "in.png").read_bytes() == before


def test_post_writes_an_animation_as_a_sheet(assetgen: Run, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), "white").save(tmp_path / "in.png")
    code, out, _ = assetgen("post", "spin:frames=4", tmp_path / "in.png", tmp_path / "coin.png")
    assert (code, out.split()) == (0, [str(tmp_path / "coin.png"), str(tmp_path / "coin.json")])
    assert list(json.loads((tmp_path / "coin.json").read_text())["frames"]) == ["0", "1", "2", "3"]


def test_make_animates_a_picture(assetgen: Run, tmp_path: Path) -> None:
    Image.new("RGB", (16, 16), "white").save(tmp_path / "hero.png")
    code, _, err = assetgen("make", "idle", "--image", tmp_path / "hero.png", "-o", tmp_path / "o")
    assert code == 0, err
    assert {path.name for path in (tmp_path / "o").glob("hero*")} == {"hero_idle.png", "hero_idle.json"}


@pytest.mark.parametrize(
    ("preset", "more", "problem"),
    [
        ("idle", (), "preset 'idle' needs a picture. Name it: --image hero.png"),
        ("atlas", (), "preset 'atlas' needs other assets. Write a pack, and list them in `members`"),
        ("atlas", ("--image", "a.png"), "preset 'atlas' does not start from a picture. Leave out --image"),
    ],
)
def test_make_explains_what_a_preset_starts_from(
    assetgen: Run, preset: str, more: tuple[str, ...], problem: str
) -> None:
    code, _, err = assetgen("make", preset, *more)
    assert (code, problem in err) == (2, True)


def test_init_writes_a_pack_that_builds(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "project.godot").write_text("")
    place = tmp_path / "assetgen"
    assert assetgen("init", tmp_path)[:2] == (0, f"wrote {place}/pack.yaml; now run `assetgen build {place}`\n")
    lines = (place / "pack.yaml").read_text().splitlines()[1:]
    assert {line.index("  # ") for line in lines if "  # " in line} == {30}
    code, _, err = assetgen("build", place, "--draft", "--store", tmp_path / "store")
    assert (code, (tmp_path / "art/generated/wizard.png").is_file()) == (0, True), err
    assert err.endswith(f": {tmp_path}/art/generated\n")
    assert assetgen("init", tmp_path)[0] == 2


def test_a_folder_for_a_pack_or_a_game_is_created_only_on_request(assetgen: Run, tmp_path: Path) -> None:
    place, words = tmp_path / "my-game", ("--draft", "--store", tmp_path / "store")
    code, _, err = assetgen("init", place)
    assert (code, "--new-game" in err, place.exists()) == (2, True, False)
    assert assetgen("init", place, "--new-game")[0] == 0
    pack = place / "pack.yaml"
    pack.write_text("pack: p\ngame: ../gaem\nassets: {a: {preset: sprite, prompt: x}}\n")
    code, _, err = assetgen("build", place, *words)
    assert (code, "pack.yaml:2: there is no game folder '../gaem'" in err, (tmp_path / "gaem").exists()) == (
        2, True, False
    )  # fmt: skip
    assert assetgen("build", place, "--new-game", *words)[0] == 0
    assert (tmp_path / "gaem/a.png").is_file()


@pytest.mark.parametrize(
    ("package", "hint"), [("phaser", 'this.load.atlas("items", "art/generated/items.png"'), ("pixi.js", "Assets.load(")]
)
def test_init_recognizes_web_games(assetgen: Run, tmp_path: Path, package: str, hint: str) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {package: "^4.0.0"}}))
    assert assetgen("init", tmp_path)[0] == 0
    assert hint in (tmp_path / "assetgen/pack.yaml").read_text()
    assert assetgen("build", tmp_path / "assetgen", "--draft", "--store", tmp_path / "store")[0] == 0
    assert (tmp_path / "public/art/generated/items.json").is_file()


@pytest.mark.parametrize(
    ("marker", "lines"),
    [
        ("Game.uproject", "engine: unreal\nmodel:"),
        ("Game.yyp", "engine: plain\n# import the pictures in GameMaker as sprites"),
        ("ProjectSettings", "engine: unity\nmodel:"),
    ],
)
def test_init_recognizes_engines(assetgen: Run, tmp_path: Path, marker: str, lines: str) -> None:
    (tmp_path / marker).mkdir()
    assert assetgen("init", tmp_path)[0] == 0
    text = (tmp_path / "assetgen/pack.yaml").read_text()
    target = "Assets/art/generated" if "unity" in lines else "art/generated"
    assert lines in text and f"target: {target}  " in text and "game: ..  " in text


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "\xff"])
def test_init_reports_a_damaged_package_json(assetgen: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "package.json").write_text(text, encoding="latin-1")
    code, _, err = assetgen("init", tmp_path)
    assert (code, "package.json' is not JSON" in err, err.count("\n")) == (2, True, 1)


def test_presets_can_be_listed_shown_and_validated(assetgen: Run, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("preset: good\nextends: sprite\n")
    (tmp_path / "bad.yaml").write_text("preset: bad\nextends: sprit\n")
    assert "pixel_sprite" in assetgen("presets", "list")[1]
    assert "lineage:" in assetgen("presets", "show", "item_icon")[1]
    assert assetgen("presets", "validate", tmp_path / "good.yaml")[0] == 0
    code, _, err = assetgen("presets", "validate", tmp_path / "bad.yaml")
    assert (code, "Did you mean 'sprite'" in err) == (2, True)


def test_models_can_be_listed_shown_and_verified(assetgen: Run) -> None:
    assert "mini" in assetgen("models", "list")[1]
    assert "family: stable_diffusion" in assetgen("models", "show", "mini")[1]
    code, out, _ = assetgen("models", "verify", "mini")
    assert (code, out.count("as its card says")) == (0, 2)


LAID_OVER = """
model: worn
family: stable_diffusion
weights: {bundled: mini}
licence: Apache-2.0
native: [128, 128]
loras: [%s]
"""
OF_THE_HUB = "{hub: maker/few, revision: %s, file: four.safetensors, digest: d, licence: MIT}" % ("a" * 40)


@pytest.fixture
def worn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the card of a model that wears a LoRA of the hub, and an empty cache of the hub in it."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    (tmp_path / "models").mkdir()
    (tmp_path / "models/worn.yaml").write_text(LAID_OVER % OF_THE_HUB)
    return tmp_path


def test_a_lora_of_the_hub_is_missed_by_every_door_with_the_command_that_fetches_it(assetgen: Run, worn: Path) -> None:
    command = "assetgen models get worn"
    code, _, err = assetgen("models", "verify", "worn", "--pack", worn)
    assert (code, command in " ".join(err.split())) == (3, True), err
    [row] = [line for line in assetgen("models", "list", "--pack", worn)[1].splitlines() if line.startswith("worn")]
    assert "not here" in row
    (worn / "pack.yaml").write_text("pack: p\nmodel: worn\nassets: {a: {preset: painted_concept, prompt: x}}\n")
    code, _, err = assetgen("build", worn, "--game", worn / "game", "--store", worn / "store")
    assert (code, command in " ".join(err.split())) == (3, True), err


def test_a_lora_is_verified_as_its_model_is(assetgen: Run, worn: Path) -> None:
    place = worn / "hub/models--maker--few/snapshots" / ("a" * 40)
    place.mkdir(parents=True)
    shutil.copy(BUNDLED_WEIGHTS / "mini/unet/diffusion_pytorch_model.safetensors", place / "four.safetensors")
    code, out, _ = assetgen("models", "verify", "worn", "--pack", worn)
    assert (code, "worn, maker/few/four.safetensors: DIFFERS" in out) == (2, True)


def test_what_a_card_tells_no_digest_of_is_not_called_verified(assetgen: Run, worn: Path) -> None:
    (worn / "models/worn.yaml").write_text(LAID_OVER % "")
    code, out, _ = assetgen("models", "verify", "worn", "--pack", worn)
    assert (code, out.startswith("worn: no digest in the card (")) == (0, True)


def test_a_default_that_is_spelt_wrong_is_not_passed_over(assetgen: Run, worn: Path) -> None:
    (worn / "models/worn.yaml").write_text(LAID_OVER % "" + "defaults: {step: 4}\n")
    code, _, err = assetgen("models", "show", "worn", "--pack", worn)
    told = "worn.yaml:8: a model card cannot set a default for 'step', only for guidance, negative, steps, strength."
    assert (code, told in " ".join(err.split())) == (2, True), err


@pytest.mark.parametrize("weights", ["7", "[a]", "text", "{}", "null"])
def test_weights_that_are_no_place_are_one_sentence(assetgen: Run, worn: Path, weights: str) -> None:
    (worn / "models/worn.yaml").write_text((LAID_OVER % "").replace("{bundled: mini}", weights))
    code, _, err = assetgen("models", "show", "worn", "--pack", worn)
    assert (code, "worn.yaml:4: weights must be one of {bundled: …}" in " ".join(err.split())) == (2, True), err


def test_a_network_of_another_file_is_looked_for_and_verified(assetgen: Run, worn: Path) -> None:
    network = "network: {file: ../unet.safetensors, digest: d}"
    (worn / "models/worn.yaml").write_text(LAID_OVER.replace("loras: [%s]", network))
    [before] = [line for line in assetgen("models", "list", "--pack", worn)[1].splitlines() if line.startswith("worn")]
    assert assetgen("models", "verify", "worn", "--pack", worn)[0] == 2
    shutil.copy(BUNDLED_WEIGHTS / "mini/unet/diffusion_pytorch_model.safetensors", worn / "unet.safetensors")
    [after] = [line for line in assetgen("models", "list", "--pack", worn)[1].splitlines() if line.startswith("worn")]
    assert ("not here" in before, "not here" in after, "here" in after) == (True, False, True)
    code, out, _ = assetgen("models", "verify", "worn", "--pack", worn)
    assert (code, "worn, network: DIFFERS" in out) == (2, True)


@pytest.mark.parametrize(
    ("lora", "told"),
    [
        ("{hub: maker/few, file: four.safetensors}", r"worn.yaml:7: a hub file needs .* 'revision' is missing"),
        ("{hub: maker/few, revision: abc}", r"worn.yaml:7: a hub file needs .* 'file' is missing"),
        ("{revision: abc, file: four.safetensors}", r"worn.yaml:7: a hub file needs .* 'hub' is missing"),
        ("{hub: 3, revision: abc, file: x.safetensors}", r"worn.yaml:7: 'loras.0.file.*hub'"),
        ("{weight: 1}", r"worn.yaml:7: 'loras.0.file' is missing"),
    ],
)
def test_a_lora_that_is_said_by_halves_is_told_with_its_line(assetgen: Run, worn: Path, lora: str, told: str) -> None:
    (worn / "models/worn.yaml").write_text(LAID_OVER % lora)
    code, _, err = assetgen("models", "show", "worn", "--pack", worn)
    assert (code, bool(re.search(told, " ".join(err.split())))) == (2, True), err


def test_steps_can_be_listed_and_shown(assetgen: Run) -> None:
    assert "cutout" in assetgen("steps", "list")[1]
    assert "colors" in assetgen("steps", "show", "pixelate")[1]


@pytest.mark.slow
@pytest.mark.model
def test_an_interrupted_build_of_a_model_ends_with_130(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("pack: p\nassets:\n" + "".join(
        f"  a{n}: {{preset: painted_concept, prompt: x{n}}}\n" for n in range(40)))  # fmt: skip
    words = ["build", tmp_path, "--game", tmp_path / "game", "--store", tmp_path / "store", "--json"]
    command = [sys.executable, "-m", "assetgen.cli", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as build:
        assert build.stdout
        next(line for line in build.stdout if json.loads(line)["event"] == "sampling")
        build.send_signal(signal.SIGINT)
        _, err = build.communicate()
    assert (build.returncode, "cancelled" in err) == (130, True), err
    assert list((tmp_path / "game").glob("*.part")) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["build", "nowhere"], "there is no pack 'nowhere'"),
        (["make", "pixel_sprit", "x"], "Did you mean 'pixel_sprite'?"),
        (["make", "pixel_sprite", "x", "--set", "pixelate"], "is not PART.ARGUMENT=VALUE"),
        (["post", "trimm", "in.png", "out.png"], "there is no step 'trimm'. Did you mean 'trim'?"),
        (["post", "trim", "none.png", "out.png"], "cannot read image"),
        (["depth", "none.glb"], "there is no file"),
        (["models", "show", "dall_e"], "there is no model 'dall_e'"),
        (["steps", "show", "trimm"], "there is no part 'trimm'"),
    ],
)
def test_invalid_arguments_are_one_sentence_and_exit_code_2(assetgen: Run, words: list[str], said: str) -> None:
    code, out, err = assetgen(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("target: ../up", "pack.yaml:2: the target '../up' is not a folder inside the game"),
        ("engine: godott", "pack.yaml:2: there is no exporter for the engine 'godott'. Did you mean 'godot'?"),
        ("palette: none.hex", "pack.yaml:2: there is no palette 'none.hex'"),
        ("seed: many", "pack.yaml:2: 'seed' should be a whole number"),
        ("sed: 3", "pack.yaml:2: unknown key 'sed'. Did you mean 'seed'?"),
    ],
)
def test_an_error_at_the_top_of_a_pack_has_its_line(assetgen: Run, tmp_path: Path, head: str, said: str) -> None:
    (tmp_path / "pack.yaml").write_text(f"pack: p\n{head}\nassets: {{a: {{preset: pixel_sprite, prompt: x}}}}\n")
    code, _, err = assetgen("build", tmp_path, "--game", tmp_path / "game")
    assert (code, said in err) == (2, True), err


def test_weights_that_are_missing_are_3_with_the_command(assetgen: Run, tmp_path: Path) -> None:
    words = ("make", "pixel_sprite", "x", "--model", "sd15", "-o", tmp_path / "o", "--store", tmp_path / "s")
    code, _, err = assetgen(*words)
    assert (code, "assetgen models get sd15" in err) == (3, True), err


def test_post_knows_pixel_art(assetgen: Run, tmp_path: Path) -> None:
    color = np.zeros((8, 8, 4), np.uint8)
    color[2:6, 2:6] = (180, 30, 20, 255)
    color[3, 3] = (150, 22, 14, 255)
    (tmp_path / "in.png").write_bytes(encode_png(color))
    assert assetgen("post", "clean_pixels", tmp_path / "in.png", tmp_path / "out.png")[0] == 0
    assert len(np.unique(read_image(tmp_path / "out.png").reshape(-1, 4), axis=0)) == 2
