"""Non-commercial licences are refused by every command unless allowed, and recorded where they were used."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.events import ignore
from assetgen.pack.library import PackFile
from assetgen.pack.licences import check_licences, terms_of
from assetgen.pack.lock import read_lock
from assetgen.pack.resolve import resolve_pack
from assetgen.pixels.image_files import encode_png, read_text
from assetgen.terms import Studio

Run = Callable[..., tuple[int, str, str]]
Write = Callable[[str], PackFile]
CARD = """
model: own
family: stable_diffusion
weights: {bundled: mini}
licence: Research-Only
commercial: %s
native: [128, 128]
controls:
  depth: {weights: {bundled: mini/controlnet_depth}, licence: Depth-Research, commercial: %s}
  softedge: {weights: {bundled: mini/controlnet_depth}, licence: Apache-2.0}
"""
PACK = "pack: p\nmodel: own\nassets:\n  a: {preset: painted_concept, prompt: x, diffusion: {steps: 2}}\n"
REFUSED = "model 'own' forbids commercial use (Research-Only). Choose another, or allow it with --allow-noncommercial"


def card(folder: Path, model: str = "true", control: str = "true") -> None:
    (folder / "models").mkdir(exist_ok=True)
    (folder / "models/own.yaml").write_text(CARD % (model, control))


@pytest.fixture
def forbidden(tmp_path: Path) -> Path:
    """A folder with a pack whose model is not for commercial use."""
    card(tmp_path, model="false")
    (tmp_path / "pack.yaml").write_text(PACK)
    return tmp_path


def options(folder: Path) -> tuple[str | Path, ...]:
    return "--game", folder / "game", "--store", folder / "store"


@pytest.mark.parametrize("door", ["build", "review", "watch --once"])
def test_a_non_commercial_model_is_refused_before_anything_is_made(assetgen: Run, forbidden: Path, door: str) -> None:
    code, out, err = assetgen(*door.split(), forbidden, *options(forbidden))
    assert (code, (forbidden / "store").exists(), (forbidden / "game/a.png").exists()) == (2, False, False)
    assert f"pack.yaml:4: {REFUSED}" in (out + err).replace("\n", " ").replace("  ", " ")


def test_make_refuses_a_non_commercial_model(assetgen: Run, tmp_path: Path) -> None:
    code, _, err = assetgen("make", "painted_concept", "x", "--model", "sd_turbo", "-o", tmp_path / "o")
    assert (code, (tmp_path / "o").exists()) == (2, False)
    assert "model 'sd_turbo' forbids commercial use (Stability-AI-Non-Commercial" in err


def test_a_pick_is_recorded_and_its_build_refused(assetgen: Run, forbidden: Path) -> None:
    code, _, err = assetgen("pick", forbidden, "a", "1", *options(forbidden))
    assert (code, REFUSED in err) == (2, True)
    assert (read_lock(forbidden / "pack.lock") or {})["a"].pick == 0


@pytest.mark.slow
@pytest.mark.model
def test_an_allowed_licence_is_recorded_in_lock_and_image_and_reported_by_check(assetgen: Run, forbidden: Path) -> None:
    code, _, err = assetgen("build", forbidden, "--allow-noncommercial", *options(forbidden))
    assert code == 0, err
    marked = {"own": "Research-Only (not for commercial use)"}
    assert (read_lock(forbidden / "pack.lock") or {})["a"].licences == marked
    [found] = (forbidden / "game").rglob("a.png")
    assert json.loads(read_text(found.read_bytes())["assetgen"])["licences"] == marked
    code, out, _ = assetgen("check", forbidden, "--game", forbidden / "game")
    assert (code, out) == (0, "a: ok (model 'own' forbids commercial use (Research-Only))\n")


def test_plan_reports_a_non_commercial_model(assetgen: Run, forbidden: Path) -> None:
    code, out, _ = assetgen("plan", forbidden, *options(forbidden))
    assert (code, "model 'own' forbids commercial use (Research-Only)" in out) == (0, True)


def test_model_and_step_lists_show_licences(assetgen: Run, forbidden: Path) -> None:
    card(forbidden, model="true", control="false")
    listed = " ".join(assetgen("models", "list", "--pack", forbidden)[1].split())
    assert "own: control depth: Depth-Research (not for commercial use)" in listed
    assert "Licence: " in assetgen("steps", "show", "hed")[1]


def test_a_draft_is_not_refused_as_it_runs_no_model(assetgen: Run, forbidden: Path) -> None:
    assert assetgen("build", forbidden, "--draft", *options(forbidden))[0] == 0


def test_a_control_network_is_refused_only_where_it_is_used(tmp_path: Path, write_pack: Write) -> None:
    card(tmp_path, control="false")
    (tmp_path / "sketch.png").write_bytes(encode_png(np.zeros((8, 8, 3), np.uint8)))
    free, bound = resolve_pack(
        write_pack(
            "pack: p\nmodel: own\nassets:\n"
            "  a: {preset: painted_concept, prompt: x}\n"
            "  b: {preset: painted_concept, prompt: x, depth: {image: sketch.png}}\n"
        )
    )
    check_licences([free], Studio(), ignore, allowed=False)
    with pytest.raises(InputError, match=r"control 'depth' of model 'own' forbids commercial use \(Depth-Research\)"):
        check_licences([bound], Studio(), ignore, allowed=False)
    check_licences([bound], Studio(), ignore, allowed=True)


def test_a_non_commercial_lora_is_refused(tmp_path: Path, write_pack: Write) -> None:
    card(tmp_path)
    (tmp_path / "s.safetensors").write_bytes(b"")
    lora = "loras: [{file: s.safetensors, licence: CC-BY-NC-4.0, commercial: false}]"
    [recipe] = resolve_pack(write_pack(PACK.replace("steps: 2", lora)))
    with pytest.raises(InputError, match=r"LoRA 's.safetensors' forbids commercial use \(CC-BY-NC-4.0\)"):
        check_licences([recipe], Studio(), ignore, allowed=False)


def test_a_non_commercial_embedding_is_refused(tmp_path: Path, write_pack: Write) -> None:
    card(tmp_path)
    word = "embeddings: [{file: w.safetensors, token: <w>, commercial: false}]\n"
    (tmp_path / "w.safetensors").write_bytes(b"")
    (tmp_path / "models/own.yaml").write_text(CARD % ("true", "true") + word)
    with pytest.raises(InputError, match=r"embedding 'w.safetensors' forbids commercial use \(no licence is named\)"):
        check_licences(resolve_pack(write_pack(PACK)), Studio(), ignore, allowed=False)


def test_licence_fields_change_no_key(tmp_path: Path, write_pack: Write) -> None:
    keys = set()
    for model, control in (("true", "true"), ("false", "true"), ("true", "false")):
        card(tmp_path, model, control)
        (tmp_path / "k.png").write_bytes(encode_png(np.zeros((8, 8, 3), np.uint8)))
        text = PACK.replace("diffusion: {steps: 2}", "depth: {image: k.png}")
        keys.add(resolve_pack(write_pack(text))[0].images_key())
    assert len(keys) == 1


def test_a_non_commercial_detector_is_refused(tmp_path: Path, write_pack: Write) -> None:
    card(tmp_path)
    (tmp_path / "k.png").write_bytes(encode_png(np.zeros((8, 8, 3), np.uint8)))
    [recipe] = resolve_pack(write_pack(PACK.replace("diffusion: {steps: 2}", "pidi: {image: k.png}")))
    terms = {each.name: each.text for each in terms_of(recipe)}
    assert terms == {
        "own": "Research-Only",
        "own/softedge": "Apache-2.0",
        "pidi": "PiDiNet research licence (not for commercial use)",
    }
    with pytest.raises(InputError, match="detector 'pidi' forbids commercial use"):
        check_licences([recipe], Studio(), ignore, allowed=False)
