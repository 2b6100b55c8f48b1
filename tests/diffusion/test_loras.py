"""LoRAs of every form, on every family that takes them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.loading.weight_files import availability
from assetgen.diffusion.sampling.batches import sample
from assetgen.errors import InputError, NotInstalledError
from assetgen.events import ignore
from assetgen.images import Array
from assetgen.pack.library import library_for
from assetgen.pack.locations import Folder
from assetgen.pack.schema import ModelCard
from assetgen.pack.weights import with_digests
from assetgen.parts import SourceJob

pytestmark = [pytest.mark.model, pytest.mark.slow]
Make = Callable[..., SourceJob]
Find = Callable[[str], ModelCard]
COMMIT = "a" * 40
TAKERS = pytest.mark.parametrize("name", ["stable_diffusion", "sdxl", "sd3", "flux", "sana", "z_image", "flux2"])


def drawn(card: ModelCard, job: Make, *loras: tuple[Path, float]) -> Array:
    words = [{"file": file, "weight": weight} for file, weight in loras]
    return next(sample([job(card, loras=words)]))["color"].astype(int)


def parts_of(card: ModelCard) -> dict[str, Any]:
    """The networks of a model that a LoRA may change, by the names that its files give them."""
    pipeline = warm_model(card, (), (), ignore).pipeline
    names = [name for name in type(pipeline)._lora_loadable_modules if getattr(pipeline, name, None) is not None]
    return {name: getattr(pipeline, name) for name in names}


def saved(weights: dict[str, Any], file: Path) -> Path:
    from safetensors.torch import save_file

    save_file(weights, file)
    return file


def of_diffusers(card: ModelCard, file: Path, part: str, *endings: str, seed: int = 0) -> Path:
    """A LoRA of rank 2 for some layers of one network, with random numbers."""
    import torch

    chance = torch.Generator().manual_seed(seed)
    weights = {}
    for name, module in parts_of(card)[part].named_modules():
        if name.endswith(endings):
            weights[f"{part}.{name}.lora_A.weight"] = torch.randn(2, module.in_features, generator=chance)
            weights[f"{part}.{name}.lora_B.weight"] = torch.randn(module.out_features, 2, generator=chance)
    return saved(weights, file)


@TAKERS
def test_loras_change_images_by_their_weights_and_add_up(tiny_of: Find, job: Make, tmp_path: Path, name: str) -> None:
    card = tiny_of(name)
    network = next(iter(parts_of(card)))
    one = of_diffusers(card, tmp_path / "one.safetensors", network, "to_v")
    other = of_diffusers(card, tmp_path / "other.safetensors", network, "to_out.0", seed=1)
    plain, off = drawn(card, job), drawn(card, job, (one, 0.0))
    half, full, both = (
        drawn(card, job, (one, 0.5)),
        drawn(card, job, (one, 1.0)),
        drawn(card, job, (one, 1), (other, 1)),
    )
    assert np.abs(plain - off).max() <= 1
    assert all(np.abs(a - b).max() > 1 for a, b in ((plain, full), (half, full), (both, full)))
    assert (drawn(card, job) == plain).all()


@pytest.mark.parametrize("name", ["stable_diffusion", "sdxl", "sd3", "flux"])
def test_a_text_encoder_lora_changes_the_image(tiny_of: Find, job: Make, tmp_path: Path, name: str) -> None:
    card = tiny_of(name)
    file = of_diffusers(card, tmp_path / "words.safetensors", "text_encoder", "q_proj")
    assert np.abs(drawn(card, job) - drawn(card, job, (file, 4.0))).max() >= 1


def of_kohya(file: Path, diffusers_file: Path, prefixes: dict[str, str]) -> Path:
    """The same LoRA as kohya's trainers write it: other names, and a scale (alpha by rank) beside the weights."""
    import torch
    from safetensors.torch import load_file

    weights: dict[str, Any] = {}
    for key, tensor in load_file(diffusers_file).items():
        part, _, rest = key.partition(".")
        layer, side = rest.removesuffix(".weight").rsplit(".", 1)
        stem = f"{prefixes[part]}_{layer.replace('.', '_')}"
        weights[f"{stem}.lora_{'down' if side == 'lora_A' else 'up'}.weight"] = tensor
        weights[f"{stem}.alpha"] = torch.tensor(1.0)
    return saved(weights, file)


@pytest.mark.parametrize("name", ["stable_diffusion"])
@pytest.mark.parametrize(("part", "endings"), [("unet", ("to_q",)), ("text_encoder", ("q_proj", "out_proj"))])
def test_kohya_and_diffusers_files_of_one_scale_are_equal(
    tiny_of: Find, job: Make, tmp_path: Path, name: str, part: str, endings: tuple[str, ...]
) -> None:
    card, prefixes = tiny_of(name), {"unet": "lora_unet", "text_encoder": "lora_te_text_model"}
    plain = of_diffusers(card, tmp_path / "plain.safetensors", part, *endings)
    kohya = of_kohya(tmp_path / "kohya.safetensors", plain, prefixes)
    theirs, ours = drawn(card, job, (kohya, 2.0)), drawn(card, job, (plain, 1.0))
    assert np.abs(theirs - ours).max() <= 1
    assert np.abs(theirs - drawn(card, job)).max() >= 1


def test_a_kohya_lora_for_flux_is_converted(tiny_of: Find, job: Make, tmp_path: Path) -> None:
    import torch

    card = tiny_of("flux")
    stem = "lora_unet_double_blocks_0_img_attn_qkv"
    weights = {f"{stem}.lora_down.weight": torch.randn(2, 32), f"{stem}.lora_up.weight": torch.randn(96, 2)}
    file = saved({**weights, f"{stem}.alpha": torch.tensor(2.0)}, tmp_path / "flux.safetensors")
    assert np.abs(drawn(card, job) - drawn(card, job, (file, 1.0))).max() > 1


def test_a_family_without_loras_refuses_one(tiny_of: Find, job: Make, tmp_path: Path) -> None:
    import torch

    file = saved({"transformer.a.lora_A.weight": torch.ones(2, 2)}, tmp_path / "style.safetensors")
    with pytest.raises(InputError, match=r"this model family does not support LoRAs .*Remove it"):
        drawn(tiny_of("pixart"), job, (file, 1.0))


@TAKERS
def test_a_lora_for_another_kind_of_model_is_one_sentence(tiny_of: Find, job: Make, tmp_path: Path, name: str) -> None:
    import torch

    weights = {"a.lora_A.weight": torch.ones(2, 3), "a.lora_B.weight": torch.ones(3, 2)}
    parts = ("unet", "transformer")
    file = saved(
        {f"{part}.{key}": value.clone() for part in parts for key, value in weights.items()}, tmp_path / "x.safetensors"
    )
    with pytest.raises(InputError, match=r"LoRA '.*x.safetensors' does not fit this model"):
        drawn(tiny_of(name), job, (file, 1.0))
    assert drawn(tiny_of(name), job).shape == (32, 32, 3)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def kept(hub: Path, repository: str, file: str) -> Path:
    """Where the hub's client keeps a file of a commit."""
    place = hub / f"models--{repository.replace('/', '--')}" / "snapshots" / COMMIT / file
    place.parent.mkdir(parents=True)
    return place


def wearing(card: ModelCard, **words: Any) -> ModelCard:
    """The card with one LoRA more, and with the scheduler and defaults of few steps."""
    few = {"scheduler": {"name": "EulerDiscreteScheduler", "options": {"timestep_spacing": "trailing"}}}
    few["defaults"] = {"steps": 4, "guidance": 0.0}
    return ModelCard.model_validate({**card.model_dump(), **few, "loras": [{"licence": "CC0-1.0", **words}]})


def test_a_hub_lora_draws_like_the_file_and_like_plain_diffusers(tiny_of: Find, job: Make, hub: Path) -> None:
    import diffusers
    import torch

    card = tiny_of("sdxl")
    file = of_diffusers(card, kept(hub, "maker/few-steps", "loras/four.safetensors"), "unet", "to_q", "to_v")
    online = wearing(card, hub="maker/few-steps", revision=COMMIT, file="loras/four.safetensors")
    local = drawn(wearing(card, file=file), job)
    assert np.array_equal(drawn(online, job), local)
    assert isinstance(card.weights, Folder)
    theirs = diffusers.StableDiffusionXLPipeline.from_pretrained(card.weights.folder, add_watermarker=False)
    theirs.scheduler = diffusers.EulerDiscreteScheduler.from_config(
        theirs.scheduler.config, timestep_spacing="trailing"
    )
    theirs.load_lora_weights(str(file.parent), weight_name=file.name)
    theirs.fuse_lora()
    theirs.set_progress_bar_config(disable=True)
    chance = torch.Generator().manual_seed(0)
    words = {"num_inference_steps": 4, "guidance_scale": 0.0, "width": 32, "height": 32, "output_type": "np"}
    picture = theirs("a cat", generator=chance, **words).images[0]
    assert np.abs(np.rint(picture * 255) - local).max() <= 1


def test_a_missing_hub_lora_is_reported_before_weights_are_loaded(tiny: ModelCard, job: Make, hub: Path) -> None:
    absent = wearing(tiny, hub="maker/few-steps", revision=COMMIT, file="four.safetensors")
    command = f"assetgen models get {tiny.model}"
    with pytest.raises(NotInstalledError, match=rf"'maker/few-steps/four.safetensors' is not in .* run: {command}"):
        drawn(absent, job)


def test_all_missing_downloads_are_one_command(job: Make, hub: Path) -> None:
    with pytest.raises(NotInstalledError) as raised:
        drawn(library_for().card("sdxl_lightning"), job)
    assert str(raised.value) == (
        "model 'sdxl_lightning' lacks 3 downloads on this machine: 'stabilityai/stable-diffusion-xl-base-1.0', "
        "'madebyollin/sdxl-vae-fp16-fix' and 'ByteDance/SDXL-Lightning/sdxl_lightning_4step_lora.safetensors' are "
        f"not in '{hub}'. While online, run: assetgen models get sdxl_lightning; or copy it from another machine "
        "(docs/models.md)."
    )


def test_a_truncated_hub_lora_is_reported(tiny: ModelCard, job: Make, hub: Path) -> None:
    file = of_diffusers(tiny, kept(hub, "maker/few-steps", "four.safetensors"), "unet", "to_q")
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(InputError, match=r"four.safetensors' is cut short"):
        drawn(wearing(tiny, hub="maker/few-steps", revision=COMMIT, file="four.safetensors"), job)


def test_a_hub_lora_enters_keys_by_revision_or_digest(tiny: ModelCard) -> None:
    one = {"hub": "maker/few-steps", "file": "four.safetensors"}
    cards = [wearing(tiny, **one, revision=COMMIT), wearing(tiny, **one, revision="b" * 40)]
    cards += [wearing(tiny, **one, revision=each, digest="d") for each in (COMMIT, "b" * 40)]
    first, other, known, known_elsewhere = (with_digests(card).identity for card in cards)
    assert first != other
    assert (known, known == first) == (known_elsewhere, False)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"hub": "no repository!", "file": "four.safetensors"}, "is not a hub repository"),
        ({"hub": "maker/few-steps", "file": "../../four.safetensors"}, "is not a file of 'maker/few-steps'"),
    ],
)
def test_an_invalid_hub_name_is_refused(
    tiny: ModelCard, job: Make, hub: Path, words: dict[str, str], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        drawn(wearing(tiny, **words, revision=COMMIT), job)


def test_a_half_downloaded_hub_model_names_the_download_command(tiny: ModelCard, job: Make, hub: Path) -> None:
    kept(hub, "maker/model", "model_index.json").write_text('{"unet": ["diffusers", "UNet2DConditionModel"]}')
    half = ModelCard.model_validate({**tiny.model_dump(), "weights": {"hub": "maker/model", "revision": COMMIT}})
    with pytest.raises(NotInstalledError, match=r"'maker/model/unet' is not in .* run: assetgen models get tiny"):
        drawn(half, job)
    with pytest.raises(InputError, match="is not a hub repository"):
        drawn(half.model_copy(update={"weights": half.weights.model_copy(update={"hub": "no repository!"})}), job)


@pytest.mark.parametrize("words", [{"variant": "*"}, {"subfolder": "../../.."}])
def test_invalid_hub_fields_do_not_break_the_list_of_models(tiny: ModelCard, hub: Path, words: dict[str, str]) -> None:
    kept(hub, "maker/model", "model_index.json").write_text('{"vae": ["diffusers", "AutoencoderKL"]}')
    (hub / f"models--maker--model/snapshots/{COMMIT}/vae").mkdir()
    (hub / f"models--maker--model/snapshots/{COMMIT}/vae/config.json").write_text("{}")
    weights = {"hub": "maker/model", "revision": COMMIT, **words}
    assert availability(ModelCard.model_validate({**tiny.model_dump(), "weights": weights})) in (
        "not whole",
        "not here",
    )
