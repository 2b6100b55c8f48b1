"""Models with a UNet: inpainting, LCM, v-prediction, T2I-Adapters, ControlNet-Union and IP-Adapters."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.sampling.batches import sample
from assetgen.errors import InputError
from assetgen.events import ignore
from assetgen.images import Array, color_image
from assetgen.pack.schema import ModelCard
from assetgen.parts import Context, Control, SourceJob
from assetgen.pixels.image_files import encode_png

pytestmark = [pytest.mark.model, pytest.mark.slow]
Make = Callable[..., SourceJob]
Build = Callable[..., ModelCard]


def sample_one(job: SourceJob) -> Array:
    return next(sample([job]))["color"].astype(int)


def controlled(*kinds: str, value: int = 255, **settings: float) -> Context:
    ramp = np.linspace(0, value, 32 * 32 * 3).reshape(32, 32, 3).astype(np.uint8)
    return Context(asset="it", controls=tuple(Control(kind, color_image(ramp), **settings) for kind in kinds))


def with_control(card: ModelCard, kind: str, folder: Path, **words: Any) -> ModelCard:
    control = {"weights": {"folder": folder}, "licence": "CC0-1.0", **words}
    return ModelCard.model_validate({**card.model_dump(), "controls": {**card.model_dump()["controls"], kind: control}})


@pytest.fixture
def inpainting(tmp_path: Path) -> dict[str, Path]:
    """The paths of an image, and of a mask whose centre is white."""
    white = np.zeros((32, 32, 3), np.uint8)
    white[8:20, 8:20] = 255
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    (tmp_path / "image.png").write_bytes(encode_png(image))
    (tmp_path / "mask.png").write_bytes(encode_png(white))
    return {"image": tmp_path / "image.png", "mask": tmp_path / "mask.png"}


@pytest.mark.parametrize("xl", [False, True])
def test_an_inpainting_model_uses_the_mask_and_works_without_one(
    tiny_unet: Build, job: Make, inpainting: dict[str, Path], tmp_path: Path, xl: bool
) -> None:
    card = tiny_unet(xl, in_channels=7)
    (tmp_path / "all.png").write_bytes(encode_png(np.full((32, 32, 3), 255, np.uint8)))
    some, whole = (
        sample_one(job(card, **{**inpainting, "mask": mask}, strength=1.0))
        for mask in (inpainting["mask"], tmp_path / "all.png")
    )
    inside = (slice(10, 18), slice(10, 18))
    assert np.abs(some[inside] - whole[inside]).max() > 1
    assert sample_one(job(card)).shape == (32, 32, 3)


def test_an_instruct_pix2pix_model_is_an_error(tiny_unet: Build, job: Make) -> None:
    with pytest.raises(InputError, match=r"the unet of 'odd' expects 6 channels; its latents have 3"):
        sample_one(job(tiny_unet(in_channels=6)))


def test_a_latent_consistency_model_embeds_the_guidance_scale(tiny_unet: Build, job: Make) -> None:
    card = tiny_unet(time_cond_proj_dim=8).model_validate(
        {**tiny_unet(time_cond_proj_dim=8).model_dump(), "scheduler": {"name": "LCMScheduler"}}
    )
    low, high = (sample_one(job(card, guidance=guidance, steps=3)) for guidance in (2.0, 9.0))
    assert np.abs(low - high).max() >= 1
    with pytest.raises(InputError, match="takes no negative prompt"):
        sample_one(job(card, negative="fog"))


def test_v_prediction_changes_the_image(tiny: ModelCard, job: Make) -> None:
    words = {"name": "DDIMScheduler", "options": {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True}}
    velocity = ModelCard.model_validate({**tiny.model_dump(), "scheduler": words})
    assert np.abs(sample_one(job(velocity)) - sample_one(job(tiny))).max() > 1


@pytest.fixture(scope="module")
def adapters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a T2I-Adapter for colour and one for greyscale images."""
    import diffusers
    import torch

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("adapters")
    for name, channels in (("color", 3), ("sketch", 1)):
        shape = {"in_channels": channels, "channels": [16, 32], "num_res_blocks": 1, "downscale_factor": 4}
        diffusers.T2IAdapter(**shape, adapter_type="full_adapter").save_pretrained(folder / name)
    return folder


@pytest.mark.parametrize("kind", ["color", "sketch"])
def test_a_t2i_adapter_acts_by_image_strength_and_end_and_with_a_controlnet(
    tiny_unet: Build, job: Make, adapters: Path, kind: str
) -> None:
    blocks = {"down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D")}
    blocks |= {"up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D")}
    card = with_control(tiny_unet(**blocks), kind, adapters / kind, type="t2i_adapter")
    contexts = [
        controlled(kind),
        controlled(kind, value=90),
        controlled(kind, strength=0.3),
        controlled(kind, end=0.5),
        controlled(kind, "depth"),
    ]
    without, (full, *others) = sample_one(job(card)), (sample_one(job(card, context)) for context in contexts)
    assert np.abs(full - without).max() > 1
    assert all(np.abs(one - full).max() >= 1 for one in others)


@pytest.fixture(scope="module")
def union(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ControlNet-Union for SDXL with 6 modes."""
    import diffusers
    import torch

    torch.manual_seed(0)
    network = diffusers.ControlNetUnionModel(
        in_channels=3,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=8,
        cross_attention_dim=64,
        use_linear_projection=True,
        transformer_layers_per_block=1,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 32,
        conditioning_embedding_out_channels=(16, 16, 16),
        num_control_type=6,
        num_trans_channel=16,
        num_trans_head=4,
        num_proj_channel=16,
    )
    for last in (*network.controlnet_down_blocks, network.controlnet_mid_block):
        torch.nn.init.normal_(last.weight, std=1.0)
    torch.nn.init.normal_(network.controlnet_cond_embedding.conv_out.weight, std=20.0)
    network.save_pretrained(tmp_path_factory.mktemp("union"))
    return Path(tmp_path_factory.getbasetemp() / "union0")


def test_the_modes_of_a_controlnet_union_differ_and_share_one_network(
    tiny_xl: ModelCard, job: Make, union: Path
) -> None:
    card = with_control(tiny_xl, "depth", union, type="controlnet_union", mode=1)
    card = with_control(card, "lineart", union, type="controlnet_union", mode=3)
    without, depth, lineart = (
        sample_one(job(card, context)) for context in (None, controlled("depth"), controlled("lineart"))
    )
    assert np.abs(depth - without).max() > 1
    assert np.abs(depth - lineart).max() >= 1
    controls = warm_model(card, (), ["depth", "lineart"], ignore).controls
    assert controls["depth"] is controls["lineart"]


def test_a_controlnet_union_without_a_mode_is_an_error(tiny_xl: ModelCard, job: Make, union: Path) -> None:
    card = with_control(tiny_xl, "depth", union, type="controlnet_union")
    with pytest.raises(InputError, match=r"is a ControlNet-Union, and its card sets no mode. .* `mode:`"):
        sample_one(job(card, controlled("depth")))


@pytest.fixture(scope="module", params=["base", "plus"])
def style(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An IP-Adapter for the tiny Stable Diffusion model, with its image encoder."""
    import torch
    import transformers
    from safetensors.torch import save_file

    generator = torch.Generator().manual_seed(0)

    def of(*shape: int) -> Any:
        return torch.randn(shape, generator=generator)

    folder = tmp_path_factory.mktemp("style")
    sizes = {"hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 2, "num_attention_heads": 4}
    encoder = transformers.CLIPVisionConfig(**sizes, image_size=32, patch_size=8, projection_dim=16)
    transformers.CLIPVisionModelWithProjection(encoder).save_pretrained(folder / "image_encoder")
    weights = {f"ip_adapter.{number}.to_{side}_ip.weight": of(32, 32) for number in (1, 3, 5, 7) for side in "kv"}
    if request.param == "base":
        projection = {"proj.weight": of(4 * 32, 16), "proj.bias": of(128), "norm.weight": of(32), "norm.bias": of(32)}
    else:
        projection = _resampler(of)
    save_file(
        {**weights, **{f"image_proj.{name}": tensor for name, tensor in projection.items()}}, folder / "a.safetensors"
    )
    return folder


def _resampler(of: Callable[..., Any]) -> dict[str, Any]:
    """The four layers of "plus", which attends to all patches; each has one head of width 64."""
    found = {"latents": of(1, 4, 32), "norm_out.weight": of(32), "norm_out.bias": of(32)}
    for name in ("proj_in", "proj_out"):
        found |= {f"{name}.weight": of(32, 32), f"{name}.bias": of(32)}
    for layer in (f"layers.{number}" for number in range(4)):
        norms = [f"{layer}.0.norm1", f"{layer}.0.norm2", f"{layer}.1.0"]
        found |= {f"{norm}.{kind}": of(32) for norm in norms for kind in ("weight", "bias")}
        found |= {f"{layer}.0.to_q.weight": of(64, 32), f"{layer}.0.to_kv.weight": of(128, 32)}
        found |= {f"{layer}.0.to_out.weight": of(32, 64)}
        found |= {f"{layer}.1.1.weight": of(128, 32), f"{layer}.1.3.weight": of(32, 128)}
    return found


def test_an_ip_adapter_acts_by_image_strength_and_end_and_with_a_controlnet(
    tiny: ModelCard, job: Make, style: Path
) -> None:
    card = with_control(tiny, "style", style, type="ip_adapter")
    before = sample_one(job(card))
    full, dark, weak, half, both = (
        sample_one(job(card, context))
        for context in (
            controlled("style"),
            controlled("style", value=20),
            controlled("style", strength=0.2),
            controlled("style", end=0.5),
            controlled("style", "depth"),
        )
    )
    assert np.abs(full - before).max() > 1
    assert all(np.abs(one - full).max() >= 1 for one in (dark, weak, half, both))
    assert np.abs(sample_one(job(card, controlled("style", strength=0.0))) - before).max() <= 1
    assert (sample_one(job(card)) == before).all()


def test_each_image_of_a_batch_has_its_own_ip_adapter_image(tiny: ModelCard, job: Make, style: Path) -> None:
    card = with_control(tiny, "style", style, type="ip_adapter")
    jobs = [job(card, controlled("style", value=value), seed=value) for value in (250, 100, 30)]
    together = [images["color"].astype(int) for images in sample(jobs)]
    assert all(np.abs(sample_one(one) - other).max() <= 1 for one, other in zip(jobs, together, strict=True))


def test_two_ip_adapter_images_are_an_error(tiny: ModelCard, job: Make, style: Path) -> None:
    card = with_control(tiny, "style", style, type="ip_adapter")
    with pytest.raises(InputError, match="only one IP-Adapter image can be used"):
        sample_one(job(card, controlled("style", "style")))


def test_a_missing_or_unfit_ip_adapter_is_an_error(
    tiny: ModelCard, tiny_xl: ModelCard, job: Make, style: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"'\*.safetensors' are not in"):
        sample_one(job(with_control(tiny, "style", tmp_path / "empty", type="ip_adapter"), controlled("style")))
    with pytest.raises(InputError, match="the IP-Adapter does not fit this model"):
        sample_one(job(with_control(tiny_xl, "style", style, type="ip_adapter"), controlled("style")))
