"""Every model family, with tiny models with random weights, compared with the pipelines of diffusers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.sampling.batches import sample
from assetgen.errors import InputError
from assetgen.events import Event, ignore
from assetgen.images import Array, color_image, to_float
from assetgen.pack.schema import ModelCard
from assetgen.parts import Context, Control, SourceJob
from assetgen.pixels.image_files import encode_png, read_image

pytestmark = [pytest.mark.model, pytest.mark.slow]
Make = Callable[..., SourceJob]
Find = Callable[[str], ModelCard]
CONTROLLED = pytest.mark.parametrize("name", ["stable_diffusion", "sdxl", "sd3", "flux", "qwen_image", "z_image"])
TRUE_CFG = {"true_cfg_scale": 5.0, "negative_prompt": " "}
"""What the pipelines of Qwen-Image call classifier-free guidance."""
DISTILLED = pytest.mark.parametrize("name", ["flux", "flux_schnell"])


def sample_all(*jobs: SourceJob) -> list[Array]:
    return [images["color"].astype(int) for images in sample(jobs)]


def sample_one(job: SourceJob) -> Array:
    return sample_all(job)[0]


def controlled(kind: str, value: int, **settings: float) -> Context:
    ramp = np.linspace(0, value, 32 * 32 * 3).reshape(32, 32, 3).astype(np.uint8)
    return Context(asset="it", controls=(Control(kind, color_image(ramp), **settings),))


@pytest.fixture
def smooth(tmp_path: Path) -> Path:
    """An image with smooth colours, which an autoencoder reproduces well."""
    down, across = np.mgrid[0:32, 0:32]
    pixels = np.stack([down * 6 + 30, across * 6 + 30, down * 0 + 128], 2).astype(np.uint8)
    (tmp_path / "smooth.png").write_bytes(encode_png(pixels))
    return tmp_path / "smooth.png"


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    white = np.zeros((32, 32, 3), np.uint8)
    white[8:20, 8:20] = 255
    (tmp_path / "mask.png").write_bytes(encode_png(white))
    return tmp_path / "mask.png"


def test_an_image_does_not_depend_on_its_batch_or_order(each: ModelCard, job: Make) -> None:
    jobs = [job(each, prompt=prompt, seed=len(prompt), guidance=3 + len(prompt)) for prompt in ("a", "b c", "dog")]
    forward, backward = sample_all(*jobs), sample_all(*jobs[::-1])
    assert all(np.abs(one - other).max() <= 1 for one, other in zip(forward, backward[::-1], strict=True))
    assert np.abs(sample_one(jobs[2]) - forward[2]).max() <= 1
    assert (sample_one(jobs[2]) == sample_one(jobs[2])).all()


def test_seed_and_prompt_change_the_image_and_any_size_works(each: ModelCard, job: Make) -> None:
    images = sample_all(job(each), job(each, seed=1), job(each, prompt="a dog"))
    assert all(np.abs(one - images[0]).max() > 1 for one in images[1:])
    assert sample_one(job(each, size=(37, 22))).shape[:2] == (22, 37)


def test_the_end_of_a_long_prompt_changes_the_image(each: ModelCard, job: Make) -> None:
    start = "a castle on a hill by the sea and a wood " * 15
    one, other = sample_all(job(each, prompt=f"{start} red"), job(each, prompt=f"{start} blue with flags"))
    assert np.abs(one - other).max() >= 1


def test_image_to_image_with_little_strength_is_near_the_autoencoder_round_trip(
    each: ModelCard, job: Make, smooth: Path
) -> None:
    round_trip = _round_trip(each, read_image(smooth))
    little, much = (
        sample_all(job(each, image=smooth, strength=0.02, steps=50))[0],
        sample_one(job(each, image=smooth, strength=1.0)),
    )
    assert np.abs(little - round_trip).mean() < np.abs(much - round_trip).mean() / 2


def test_detail_adds_what_the_autoencoder_loses_of_the_image(each: ModelCard, job: Make, smooth: Path) -> None:
    given = read_image(smooth)
    plain, half, whole = (
        sample_one(job(each, image=smooth, strength=0.02, steps=50, detail=detail)) for detail in (None, 0.5, 1.0)
    )
    distances = [np.abs(made[..., :3] - given).mean() for made in (plain, half, whole)]
    assert distances[0] > distances[1] > distances[2]
    assert distances[2] < 0.25 * distances[0]


def test_inpainting_keeps_the_exact_pixels_outside_its_mask(
    each: ModelCard, job: Make, smooth: Path, mask: Path
) -> None:
    made, given = sample_one(job(each, image=smooth, mask=mask, strength=0.9, steps=3))[..., :3], read_image(smooth)
    outside = read_image(mask)[..., 0] == 0
    assert (made[outside] == given[outside]).all()
    assert np.abs(made - given)[~outside].mean() > 1


@CONTROLLED
def test_controls_act_by_image_strength_and_end_and_are_summed(tiny_of: Find, job: Make, name: str) -> None:
    card = tiny_of(name)
    depth, canny = controlled("depth", 255), controlled("canny", 120)
    both = Context(asset="it", controls=(*depth.controls, *canny.controls))
    contexts = [
        depth,
        controlled("depth", 90),
        controlled("depth", 255, strength=0.3),
        controlled("depth", 255, end=0.5),
    ]
    without, two, acted = (
        sample_one(job(card)),
        sample_one(job(card, both)),
        sample_all(*(job(card, each) for each in contexts)),
    )
    assert all(np.abs(one - without).max() > 1 for one in acted)
    assert all(np.abs(one - acted[0]).max() > 1 for one in (*acted[1:], two))
    assert (sample_one(job(card, controlled("depth", 255, strength=0.0))) == without).all()


@pytest.mark.parametrize("name", ["pixart", "sana"])
def test_a_control_type_that_the_family_lacks_is_an_error(tiny_of: Find, job: Make, name: str) -> None:
    control = {"weights": {"folder": "nowhere"}, "licence": "CC0-1.0"}
    card = ModelCard.model_validate({**tiny_of(name).model_dump(), "controls": {"depth": control}})
    with pytest.raises(InputError, match=f"'depth' of model 'tiny_{name}' is a controlnet, which family '{name}'"):
        sample_one(job(card, controlled("depth", 255)))


@DISTILLED
def test_a_guidance_distilled_model_rejects_a_negative_prompt(tiny_of: Find, job: Make, name: str) -> None:
    with pytest.raises(InputError, match=r"takes no negative prompt at guidance 4. Remove `negative:`.$"):
        sample_one(job(tiny_of(name), negative="fog"))


def test_a_negative_prompt_without_guidance_is_an_error(tiny: ModelCard, job: Make) -> None:
    with pytest.raises(InputError, match=r"at guidance 0. Remove `negative:`, or set `guidance` above 1"):
        sample_one(job(tiny, negative="fog", guidance=0.0))


def test_the_negative_prompt_of_a_card_is_unused_without_guidance(tiny: ModelCard, job: Make) -> None:
    card = tiny.model_copy(update={"defaults": {**tiny.defaults, "negative": "fog"}})
    assert (sample_one(job(card, negative="fog", guidance=0.0)) == sample_one(job(tiny, guidance=0.0))).all()


def test_a_size_above_the_transformers_limit_is_an_error(tiny_of: Find, job: Make) -> None:
    with pytest.raises(InputError, match=r"cannot sample 104 × 32 pixels. Use sides of at most 96"):
        sample_one(job(tiny_of("sd3"), size=(104, 32)))


UNETS, TRANSFORMERS = ["stable_diffusion", "sdxl"], ["sd3", "flux", "flux_schnell", "pixart", "sana"]
WITH_LANGUAGE_MODELS = ["qwen_image", "qwen_image_21", "krea2", "z_image", "flux2", "flux2_base", "flux2_dev"]


@pytest.mark.parametrize("name", [*UNETS, *TRANSFORMERS, *WITH_LANGUAGE_MODELS])
def test_text_to_image_equals_the_diffusers_pipeline(tiny_of: Find, job: Make, name: str) -> None:
    card = tiny_of(name)
    theirs = _diffusers_image(card)
    ours = sample_one(job(card, prompt="a red cat", steps=4, guidance=5.0, seed=9))
    assert np.abs(ours - theirs).max() <= 1


CONTROLNET_PIPELINES = {
    "sd3": "StableDiffusion3ControlNetPipeline",
    "flux": "FluxControlNetPipeline",
    "qwen_image": "QwenImageControlNetPipeline",
    "z_image": "ZImageControlNetPipeline",
}


@pytest.mark.parametrize("name", CONTROLNET_PIPELINES)
def test_a_controlnet_equals_the_diffusers_pipeline(tiny_of: Find, job: Make, name: str) -> None:
    import diffusers

    card, context = tiny_of(name), controlled("depth", 255, strength=0.7)
    network = warm_model(card, (), ["depth"], ignore).controls["depth"]
    inputs = {"control_image": Image.fromarray(context.controls[0].images["color"])}
    kind = getattr(diffusers, CONTROLNET_PIPELINES[name])
    theirs = _diffusers_image(
        card, lambda parts: kind(**parts, controlnet=network), **inputs, controlnet_conditioning_scale=0.7
    )
    ours = sample_one(job(card, context, prompt="a red cat", steps=4, guidance=5.0, seed=9))
    assert np.abs(ours - theirs).max() <= 1


def test_an_inpainting_model_equals_the_diffusers_pipeline(tiny_of: Find, job: Make) -> None:
    """With a mask of 1 throughout; elsewhere our loop also restores the unmasked latents in every step."""
    import diffusers

    card, white = tiny_of("flux_fill"), np.full((32, 32, 3), 255, np.uint8)
    inputs = {"image": _pixels(white // 3), "mask_image": _pixels(white)[:, :1]}
    theirs = _diffusers_image(card, lambda parts: diffusers.FluxFillPipeline(**parts), **inputs)
    ours = sample_one(job(card, prompt="a red cat", steps=4, guidance=5.0, seed=9))
    assert np.abs(ours - theirs).max() <= 1


def _pixels(color: Array) -> Any:
    import torch

    return torch.from_numpy(to_float(color)).permute(2, 0, 1)[None]


@pytest.mark.parametrize("name", ["stable_diffusion", "sd3"])
def test_guidance_that_ends_equals_a_diffusers_pipeline_whose_callback_ends_it(
    tiny_of: Find, job: Make, name: str
) -> None:
    tensors = ["prompt_embeds"] + (["pooled_prompt_embeds"] if name == "sd3" else [])

    def end(pipeline: Any, step: int, timestep: Any, given: dict[str, Any]) -> dict[str, Any]:
        if step == 1:  # the second of four
            pipeline._guidance_scale = 0.0
            given |= {key: given[key].chunk(2)[1] for key in tensors}
        return given

    inputs = {"callback_on_step_end": end, "callback_on_step_end_tensor_inputs": ["latents", *tensors]}
    theirs = _diffusers_image(tiny_of(name), **inputs)
    card = tiny_of(name).model_copy(update={"guidance_end": 0.5})
    ours = sample_one(job(card, prompt="a red cat", steps=4, guidance=5.0, seed=9))
    assert np.abs(ours - theirs).max() <= 1
    whole = sample_one(job(tiny_of(name), prompt="a red cat", steps=4, guidance=5.0, seed=9))
    assert (ours != whole).any()


def test_guidance_that_ends_draws_with_each_family(each: ModelCard, job: Make) -> None:
    card = each.model_copy(update={"guidance_end": 0.5})
    context = controlled("depth", 255) if "depth" in each.controls else None
    assert sample_one(job(card, context, steps=4)).shape[:2] == (32, 32)


def _diffusers_image(card: ModelCard, build: Callable[[dict[str, Any]], Any] | None = None, **inputs: Any) -> Array:
    """An image from a pipeline's own loop, with our initial noise."""
    import torch

    from assetgen.diffusion.sampling.latents import latent_channels, seeded_noise

    warm = warm_model(card, (), (), ignore)
    parts = {name: part for name, part in warm.pipeline.components.items() if part is not None}
    pipeline, (width, height) = build(parts) if build else warm.pipeline, card.native
    channels = latent_channels(pipeline.vae)
    latents, _ = seeded_noise(9, channels, (width // warm.vae_scale_factor, height // warm.vae_scale_factor))
    if card.family in ("flux", "krea2") or card.family.startswith("qwen_image"):
        latents = pipeline._pack_latents(latents, 1, channels, *latents.shape[2:])
    arguments: dict[str, Any] = {"max_sequence_length": 256} if card.model == "tiny_flux_schnell" else {}
    arguments |= {"use_resolution_binning": False} if card.family in ("pixart", "sana") else {}
    pipeline.scheduler = warm.scheduler()
    pipeline.set_progress_bar_config(disable=True)
    size = {"width": width, "height": height, "num_inference_steps": 4}
    arguments |= TRUE_CFG if card.family.startswith("qwen_image") else {"guidance_scale": 5.0}
    with torch.inference_mode():
        made = pipeline(prompt="a red cat", latents=latents, output_type="np", **size, **arguments, **inputs)
    pixels: Array = np.rint(made.images[0] * 255).astype(int)
    return pixels


def _round_trip(card: ModelCard, given: Array) -> Array:
    import torch

    from assetgen.diffusion.sampling.latents import decode_latents, encode_images, quantize, to_tensor

    pipeline = warm_model(card, (), (), ignore).pipeline
    with torch.inference_mode():
        latent = encode_images(pipeline, to_tensor(to_float(given)))
        return quantize(decode_latents(pipeline.vae, latent)).numpy().astype(int)


def test_a_pack_uses_a_model_card_in_its_folder(
    tiny_of: Find, build_in: Callable[..., list[Event]], tmp_path: Path
) -> None:
    import yaml

    card = tiny_of("sd3").model_dump(mode="json", exclude_defaults=True)
    (tmp_path / "pack/models").mkdir(parents=True)
    (tmp_path / "pack/models/mine.yaml").write_text(yaml.safe_dump({**card, "model": "mine"}))
    preset = "source: {diffusion: {prompt: '{prompt}', tile: xy}}\nchecks: [seam]\n"
    (tmp_path / "pack/wall.yaml").write_text(f"preset: wall\n{preset}")
    (tmp_path / "pack/pack.yaml").write_text("pack: p\nmodel: mine\nassets: {a: {preset: wall, prompt: bricks}}\n")
    build_in(tmp_path)
    assert read_image(tmp_path / "game/a.png").shape == (32, 32, 3)
