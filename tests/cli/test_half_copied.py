"""Of a model that was copied in part, `plan`, `build` and `models verify` list what is missing, in one sentence."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assetgen.pack.library import library_for
from assetgen.pack.locations import Hub

Run = Callable[..., tuple[int, str, str]]
COMPONENTS = {
    "unet": ["diffusers", "UNet2DConditionModel"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "tokenizer_2": ["transformers", "CLIPTokenizer"],
    "scheduler": ["diffusers", "EulerDiscreteScheduler"],
    "vae": ["diffusers", "AutoencoderKL"],
}
NETWORKS = ("unet", "text_encoder", "text_encoder_2")
CURE = "While online, run: assetgen models get sdxl; or copy it from another machine (docs/models.md)."


def weights(file: Path) -> None:
    """A weight file with no tensors."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes((2).to_bytes(8, "little") + b"{}")


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack that uses `sdxl`, and a cache of the hub beside it with tiny files in place of all of its files."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    (tmp_path / "pack.yaml").write_text(
        "pack: p\nmodel: sdxl\nassets: {a: {preset: painted_concept, prompt: x, seed: 1}}\n"
    )
    base, vae = base_and_vae(tmp_path)
    for name in NETWORKS:
        ending = "diffusion_pytorch_model" if name == "unet" else "model"
        weights(base / name / f"{ending}.fp16.safetensors")
        (base / name / "config.json").write_text("{}")
    for name in ("tokenizer", "tokenizer_2", "scheduler"):
        (base / name).mkdir()
        (base / name / "vocab.json").write_text("{}")
    (base / "model_index.json").write_text(json.dumps(COMPONENTS))
    weights(vae / "diffusion_pytorch_model.safetensors")
    (vae / "config.json").write_text("{}")
    return tmp_path


def base_and_vae(pack: Path) -> list[Path]:
    """The snapshots of the two repositories of `sdxl`."""
    card = library_for().card("sdxl")
    assert isinstance(card.weights, Hub) and isinstance(card.vae, Hub)
    return [
        pack / "hub" / f"models--{each.hub.replace('/', '--')}" / "snapshots" / each.revision
        for each in (card.weights, card.vae)
    ]


def told(assetgen: Run, pack: Path) -> set[str]:
    """The sentences of `plan`, `build` and `models verify` about the model, from "lacks" on."""
    where = (pack, "--game", pack / "game", "--store", pack / "store")
    planned, built = assetgen("plan", *where), assetgen("build", *where, "--device", "cpu")
    verified = assetgen("models", "verify", "sdxl")
    assert (planned[0], built[0], verified[0]) == (0, 3, 3)
    texts = [" ".join(text.split()) for text in (planned[1], built[2], verified[2])]
    return {"lacks" + text.partition("model 'sdxl' lacks")[2].partition("(docs/models.md).")[0] for text in texts}


def test_missing_files_are_listed_alike_by_plan_build_and_verify(assetgen: Run, pack: Path) -> None:
    base, vae = base_and_vae(pack)
    (base / "unet/diffusion_pytorch_model.fp16.safetensors").unlink()
    (vae / "diffusion_pytorch_model.safetensors").unlink()
    [sentence] = told(assetgen, pack)
    assert f"{sentence}(docs/models.md)." == (
        "lacks 2 downloads on this machine: 'stabilityai/stable-diffusion-xl-base-1.0/unet/*.fp16.safetensors' and "
        f"'madebyollin/sdxl-vae-fp16-fix/*.safetensors' are not in '{pack / 'hub'}'. {CURE}"
    )


def test_of_many_missing_files_three_are_named(assetgen: Run, pack: Path) -> None:
    base, vae = base_and_vae(pack)
    for file in (*base.glob("*/*.safetensors"), *base.glob("text_encoder*/config.json"), vae / "config.json"):
        file.unlink()
    code, _, err = assetgen("models", "verify", "sdxl")
    assert (code, "lacks 6 downloads on this machine" in err, "and 3 more are not in" in err) == (3, True, True)


@pytest.mark.parametrize(
    ("lost", "named"),
    [
        ("model_index.json", "model_index.json"),
        ("tokenizer_2/vocab.json", "tokenizer_2/vocab.*"),
        ("text_encoder/config.json", "text_encoder/config.json"),
    ],
)
def test_each_kind_of_missing_file_is_named(assetgen: Run, pack: Path, lost: str, named: str) -> None:
    (base_and_vae(pack)[0] / lost).unlink()
    code, _, err = assetgen("models", "verify", "sdxl")
    assert (code, f"'stabilityai/stable-diffusion-xl-base-1.0/{named}' is not in" in err) == (3, True), err


def test_a_missing_shard_is_named_without_the_index(assetgen: Run, pack: Path) -> None:
    unet = base_and_vae(pack)[0] / "unet"
    (unet / "diffusion_pytorch_model.fp16.safetensors").rename(
        unet / "diffusion_pytorch_model.fp16-00001-of-00002.safetensors"
    )
    err = assetgen("models", "verify", "sdxl")[2]
    assert "unet/diffusion_pytorch_model.fp16-00002-of-00002.safetensors' is not in" in err


def test_a_link_without_its_blob_is_missing(assetgen: Run, pack: Path) -> None:
    file = base_and_vae(pack)[0] / "unet/diffusion_pytorch_model.fp16.safetensors"
    file.unlink()
    file.symlink_to("../../../blobs/0123")
    code, _, err = assetgen("models", "verify", "sdxl")
    assert (code, "unet/diffusion_pytorch_model.fp16.safetensors' is not in" in err) == (3, True)
