"""Incomplete and incompatible parts of a model are refused with one sentence each."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.sampling.batches import sample
from assetgen.errors import InputError
from assetgen.events import ignore
from assetgen.images import color_image
from assetgen.pack.locations import Folder
from assetgen.pack.schema import ModelCard
from assetgen.parts import Context, Control, SourceJob
from assetgen.pixels.image_files import encode_png

pytestmark = pytest.mark.model
Make = Callable[..., SourceJob]
Find = Callable[[str], ModelCard]


def folder_of(card: ModelCard) -> Path:
    assert isinstance(card.weights, Folder)
    return card.weights.folder


def with_words(card: ModelCard, **words: Any) -> ModelCard:
    return ModelCard.model_validate({**card.model_dump(), **words})


def refused(card: ModelCard, *kinds: str) -> str:
    with pytest.raises(InputError) as told:
        warm_model(card, (), kinds, ignore)
    assert "\n" not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize(
    ("name", "part", "lost"),
    [
        ("stable_diffusion", "unet", "conv_in.weight"),
        ("stable_diffusion", "vae", "decoder.conv_in.weight"),
        ("stable_diffusion", "text_encoder", "token_embedding.weight"),
        ("sdxl", "text_encoder_2", "text_projection.weight"),
        ("sd3", "text_encoder_3", "SelfAttention.k.weight"),
        ("sana", "text_encoder", "q_proj.weight"),
        ("flux", "transformer", "proj_out.bias"),
    ],
)
def test_a_missing_tensor_is_named_instead_of_random_initialised(
    tiny_of: Find, tmp_path: Path, name: str, part: str, lost: str
) -> None:
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(folder_of(tiny_of(name)), tmp_path / "model"))
    [file] = (folder / part).glob("*.safetensors")
    rest = {key: tensor for key, tensor in load_file(file).items() if not key.endswith(lost)}
    save_file(rest, file, metadata={"format": "pt"})
    told = refused(with_words(tiny_of(name), weights={"folder": folder}))
    assert f"{part}' lacks" in told
    assert lost in told


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("sdxl", "stable_diffusion"), ("stable_diffusion", "sdxl"), ("flux", "sd3"), ("sana", "pixart")],
)
def test_a_card_of_another_family_names_the_right_one(tiny_of: Find, wrong: str, right: str) -> None:
    told = refused(with_words(tiny_of(right), family=wrong))
    assert f"of family '{right}' and not '{wrong}'. Its card should say `family: {right}`" in told


def test_a_pipeline_of_unknown_class_name_is_loaded(tiny: ModelCard, job: Make, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(folder_of(tiny), tmp_path / "model"))
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, "_class_name": "LatentConsistencyModelPipeline"}))
    assert next(sample([job(with_words(tiny, weights={"folder": folder}))])).size == (32, 32)


@pytest.mark.parametrize(
    ("name", "other", "told"),
    [
        ("stable_diffusion", "sdxl/depth", "made for another kind of model than 'tiny_stable_diffusion' (cross_att"),
        ("sdxl", "stable_diffusion/depth", "made for another kind of model than 'tiny_sdxl' (cross_att"),
        ("stable_diffusion", "flux/depth", "lacks"),
        ("stable_diffusion", "stable_diffusion/model/unet", "lacks"),
        ("stable_diffusion", "stable_diffusion/model", "is a whole model, not a network"),
    ],
)
def test_a_control_for_another_model_is_refused(tiny_of: Find, name: str, other: str, told: str) -> None:
    maker, _, place = other.partition("/")
    depth = {"weights": {"folder": folder_of(tiny_of(maker)).parent / place}, "licence": "CC0-1.0"}
    assert told in refused(with_words(tiny_of(name), controls={"depth": depth}), "depth")


def test_an_sdxl_adapter_is_refused_by_other_models(tiny: ModelCard, tmp_path: Path) -> None:
    import diffusers

    shape = {"in_channels": 3, "channels": [16, 32, 32], "num_res_blocks": 1, "downscale_factor": 16}
    diffusers.T2IAdapter(**shape, adapter_type="full_adapter_xl").save_pretrained(tmp_path)
    color = {"weights": {"folder": tmp_path}, "type": "t2i_adapter", "licence": "CC0-1.0"}
    assert "(adapter_type: full_adapter_xl)" in refused(with_words(tiny, controls={"color": color}), "color")


def test_a_network_for_other_text_embeddings_is_refused(tiny_of: Find) -> None:
    network = {"folder": folder_of(tiny_of("sdxl")) / "unet"}
    told = refused(with_words(tiny_of("stable_diffusion"), network=network))
    assert "expects text embeddings of width 64; its text encoders produce 32. Check its card: `network`" in told


@pytest.mark.parametrize(
    ("name", "other", "why"),
    [
        ("stable_diffusion", "flux/model/transformer", "missing in the checkpoint"),
        ("flux", "flux_schnell/model/transformer", "it lacks 'time_text_embed.guidance_embedder"),
        ("pixart", "flux/model/transformer", "it lacks"),
    ],
)
def test_a_file_of_another_network_says_why(tiny_of: Find, name: str, other: str, why: str) -> None:
    maker, _, place = other.partition("/model/")
    [file] = (folder_of(tiny_of(maker)) / place).glob("*.safetensors")
    told = refused(with_words(tiny_of(name), network={"file": file}))
    assert f"'{file}' is not a" in told
    assert why in told


def test_a_single_file_autoencoder_has_the_configuration_of_the_models_own(
    tiny: ModelCard, job: Make, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    [file] = (folder_of(tiny) / "vae").glob("*.safetensors")
    same, other = (Path(shutil.copy(file, tmp_path / f"{name}.safetensors")) for name in ("same", "other"))
    tensors = load_file(other)
    save_file({**tensors, "decoder.conv_in.weight": -tensors["decoder.conv_in.weight"]}, other)
    cards = [tiny, *(with_words(tiny, vae={"file": each}) for each in (same, other))]
    plain, again, changed = (next(sample([job(card)]))["color"].astype(int) for card in cards)
    assert np.array_equal(plain, again)
    assert np.abs(plain - changed).max() > 1


def test_a_single_file_control_needs_a_configuration_and_no_hub(tiny: ModelCard) -> None:
    [file] = (folder_of(tiny).parent / "depth").glob("*.safetensors")
    depth = {"weights": {"file": file}, "licence": "CC0-1.0"}
    told = refused(with_words(tiny, controls={"depth": depth}), "depth")
    assert (
        "does not contain the configuration of its ControlNetModel. Give the diffusers folder of such a network" in told
    )
    shaped = {**depth, "weights": {"file": file, "config": str(file.parent)}}
    assert warm_model(with_words(tiny, controls={"depth": shaped}), (), ["depth"], ignore).controls["depth"]


def test_nan_pixels_are_reported_with_a_cure_by_precision(tiny: ModelCard, job: Make, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(folder_of(tiny).parent / "depth", tmp_path / "depth"))
    [file] = folder.glob("*.safetensors")
    tensors = load_file(file)
    save_file({**tensors, "controlnet_mid_block.weight": tensors["controlnet_mid_block.weight"] * float("nan")}, file)
    depth = {"depth": {"weights": {"folder": folder}, "licence": "CC0-1.0"}}
    seen = Context(asset="it", controls=(Control("depth", color_image(np.zeros((32, 32, 3), np.uint8))),))
    for precision, cure in (("float32", "contain NaN: download them again"), ("bfloat16", "precision to float32")):
        with pytest.raises(InputError, match=f"produced NaN pixels.*{cure}"):
            next(sample([job(with_words(tiny, controls=depth, precision=precision), seen)]))


@pytest.mark.parametrize(
    ("scheduler", "told"),
    [
        ({"name": "VQDiffusionScheduler"}, "'VQDiffusionScheduler' cannot be made with these options"),
        ({"name": "DDIMScheduler", "options": {"beta_start": "high"}}, "cannot be made with these options"),
        ({"name": "ScoreSdeVpScheduler"}, "there is no scheduler 'ScoreSdeVpScheduler'"),
        (
            {"name": "FlowMatchHeunDiscreteScheduler"},
            "is a flow-matching scheduler, but this model predicts noise. Use one like Eul",
        ),
        ({"name": "KarrasVeScheduler"}, r"needs an argument that assetgen does not provide \('sample_hat'\)"),
        ({"name": "EulerDiscreteScheduler", "options": {"timestep_spacing": "trialing"}}, "trialing is not supported"),
        ({"name": "LCMScheduler"}, r"LCMScheduler cannot do 60 steps .* Change `steps`"),
    ],
)
def test_an_unsuitable_scheduler_is_refused(tiny: ModelCard, job: Make, scheduler: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        next(sample([job(with_words(tiny, scheduler=scheduler), steps=60)]))


@pytest.mark.parametrize("name", ["EulerDiscreteScheduler", "LCMScheduler", "UniPCMultistepScheduler"])
def test_a_noise_predicting_scheduler_is_refused_by_a_flow_model(tiny_of: Find, name: str) -> None:
    told = refused(with_words(tiny_of("sd3"), scheduler={"name": name}))
    assert f"'{name}' is a noise-predicting scheduler, but this model predicts a flow. Use one like Flow" in told


def test_a_solver_configured_for_a_flow_draws(tiny_of: Find, job: Make) -> None:
    options = {"use_flow_sigmas": True, "prediction_type": "flow_prediction", "flow_shift": 3.0}
    solver = {"name": "DPMSolverMultistepScheduler", "options": options}
    assert next(sample([job(with_words(tiny_of("sd3"), scheduler=solver), steps=3)])).size == (32, 32)


def test_a_scheduler_without_add_noise_cannot_start_from_an_image(tiny: ModelCard, job: Make, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encode_png(np.zeros((32, 32, 3), np.uint8)))
    with pytest.raises(InputError, match="IPNDMScheduler cannot start from an image"):
        next(sample([job(with_words(tiny, scheduler={"name": "IPNDMScheduler"}), image=tmp_path / "a.png")]))
