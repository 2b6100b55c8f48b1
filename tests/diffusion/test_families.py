"""Every family of models does everything, on tiny ones with random weights; and as the pipelines of diffusers do it."""

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

pytestmark = pytest.mark.model
Make = Callable[..., SourceJob]
Find = Callable[[str], ModelCard]
CONTROLLED = pytest.mark.parametrize("name", ["stable_diffusion", "sdxl", "sd3", "flux"])
UNGUIDED = pytest.mark.parametrize("name", ["flux", "flux_schnell"])


def drawn(*jobs: SourceJob) -> list[Array]:
    return [images["color"].astype(int) for images in sample(jobs)]


def alone(job: SourceJob) -> Array:
    return drawn(job)[0]


def under(kind: str, value: int, **acts: float) -> Context:
    ramp = np.linspace(0, value, 32 * 32 * 3).reshape(32, 32, 3).astype(np.uint8)
    return Context(asset="it", controls=(Control(kind, color_image(ramp), **acts),))


@pytest.fixture
def smooth(tmp_path: Path) -> Path:
    """A picture with soft colours, which autoencoders lose little of."""
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


def test_a_picture_is_the_same_alone_and_in_any_batch_and_order(each: ModelCard, job: Make) -> None:
    jobs = [job(each, prompt=prompt, seed=len(prompt), guidance=3 + len(prompt)) for prompt in ("a", "b c", "dog")]
    there, back = drawn(*jobs), drawn(*jobs[::-1])
    assert all(np.abs(one - other).max() <= 1 for one, other in zip(there, back[::-1], strict=True))
    assert np.abs(alone(jobs[2]) - there[2]).max() <= 1
    assert (alone(jobs[2]) == alone(jobs[2])).all()


def test_seed_and_prompt_change_the_picture_and_it_has_any_size(each: ModelCard, job: Make) -> None:
    pictures = drawn(job(each), job(each, seed=1), job(each, prompt="a dog"))
    assert all(np.abs(one - pictures[0]).max() > 1 for one in pictures[1:])
    assert alone(job(each, size=(37, 22))).shape == (22, 37, 3)


def test_a_prompt_is_read_to_its_end_however_long(each: ModelCard, job: Make) -> None:
    start = "a castle on a hill by the sea and a wood " * 15
    one, other = drawn(job(each, prompt=f"{start} red"), job(each, prompt=f"{start} blue with flags"))
    assert np.abs(one - other).max() >= 1


def test_little_strength_leaves_an_image_nearly_as_its_autoencoder_gives_it_back(
    each: ModelCard, job: Make, smooth: Path
) -> None:
    coded = _through_autoencoder(each, read_image(smooth))
    little, much = (
        drawn(job(each, image=smooth, strength=0.02, steps=50))[0],
        alone(job(each, image=smooth, strength=1.0)),
    )
    assert np.abs(little - coded).mean() < np.abs(much - coded).mean() / 2


def test_inpainting_keeps_the_very_pixels_outside_its_mask(
    each: ModelCard, job: Make, smooth: Path, mask: Path
) -> None:
    made, given = alone(job(each, image=smooth, mask=mask, strength=0.9, steps=3)), read_image(smooth)
    outside = read_image(mask)[..., 0] == 0
    assert (made[outside] == given[outside]).all()
    assert np.abs(made - given)[~outside].mean() > 1


@CONTROLLED
def test_controls_act_by_picture_strength_and_time_and_together(tiny_of: Find, job: Make, name: str) -> None:
    card = tiny_of(name)
    depth, canny = under("depth", 255), under("canny", 120)
    both = Context(asset="it", controls=(*depth.controls, *canny.controls))
    contexts = [depth, under("depth", 90), under("depth", 255, strength=0.3), under("depth", 255, end=0.5)]
    without, two, acted = alone(job(card)), alone(job(card, both)), drawn(*(job(card, each) for each in contexts))
    assert all(np.abs(one - without).max() > 1 for one in acted)
    assert all(np.abs(one - acted[0]).max() > 1 for one in (*acted[1:], two))
    assert (alone(job(card, under("depth", 255, strength=0.0))) == without).all()


@pytest.mark.parametrize("name", ["pixart", "sana"])
def test_a_control_that_the_family_cannot_use_is_one_sentence(tiny_of: Find, job: Make, name: str) -> None:
    control = {"weights": {"folder": "nowhere"}, "licence": "CC0-1.0"}
    card = ModelCard.model_validate({**tiny_of(name).model_dump(), "controls": {"depth": control}})
    with pytest.raises(InputError, match=f"'depth' of model 'tiny_{name}' is a controlnet, which family '{name}'"):
        alone(job(card, under("depth", 255)))


@UNGUIDED
def test_a_model_without_guidance_refuses_a_negative_prompt(tiny_of: Find, job: Make, name: str) -> None:
    with pytest.raises(InputError, match=r"takes no negative prompt at guidance 4. Remove `negative:`.$"):
        alone(job(tiny_of(name), negative="fog"))


def test_few_step_models_say_how_a_negative_prompt_would_count(tiny: ModelCard, job: Make) -> None:
    with pytest.raises(InputError, match=r"at guidance 0. Remove `negative:`, or set `guidance` above 1"):
        alone(job(tiny, negative="fog", guidance=0.0))


def test_a_negative_prompt_of_the_card_is_for_when_there_is_guidance(tiny: ModelCard, job: Make) -> None:
    card = tiny.model_copy(update={"defaults": {**tiny.defaults, "negative": "fog"}})
    assert (alone(job(card, negative="fog", guidance=0.0)) == alone(job(tiny, guidance=0.0))).all()


def test_sizes_that_a_transformer_does_not_know_are_refused(tiny_of: Find, job: Make) -> None:
    with pytest.raises(InputError, match=r"cannot sample 104 × 32 pixels. Use sides of at most 96"):
        alone(job(tiny_of("sd3"), size=(104, 32)))


@pytest.mark.parametrize("name", ["stable_diffusion", "sdxl", "sd3", "flux", "flux_schnell", "pixart", "sana"])
def test_the_loop_draws_what_the_pipeline_of_diffusers_draws(tiny_of: Find, job: Make, name: str) -> None:
    card = tiny_of(name)
    theirs = _by_diffusers(card)
    ours = alone(job(card, prompt="a red cat", steps=4, guidance=5.0, seed=9))
    assert np.abs(ours - theirs).max() <= 1


CONTROLLED_BY = {"sd3": "StableDiffusion3ControlNetPipeline", "flux": "FluxControlNetPipeline"}


@pytest.mark.parametrize("name", CONTROLLED_BY)
def test_controls_act_as_in_the_pipelines_of_diffusers(tiny_of: Find, job: Make, name: str) -> None:
    import diffusers

    card, context = tiny_of(name), under("depth", 255, strength=0.7)
    network = warm_model(card, (), ["depth"], ignore).controls["depth"]
    shown = {"control_image": Image.fromarray(context.controls[0].images["color"])}
    kind = getattr(diffusers, CONTROLLED_BY[name])
    theirs = _by_diffusers(
        card, lambda parts: kind(**parts, controlnet=network), **shown, controlnet_conditioning_scale=0.7
    )
    ours = alone(job(card, context, prompt="a red cat", steps=4, guidance=5.0, seed=9))
    assert np.abs(ours - theirs).max() <= 1


def test_a_model_made_for_inpainting_sees_what_it_sees_in_diffusers(tiny_of: Find, job: Make) -> None:
    """Where all is to be drawn; elsewhere ours holds what is kept in every step, too."""
    import diffusers

    card, white = tiny_of("flux_fill"), np.full((32, 32, 3), 255, np.uint8)
    shown = {"image": _pixels(white // 3), "mask_image": _pixels(white)[:, :1]}
    theirs = _by_diffusers(card, lambda parts: diffusers.FluxFillPipeline(**parts), **shown)
    ours = alone(job(card, prompt="a red cat", steps=4, guidance=5.0, seed=9))
    assert np.abs(ours - theirs).max() <= 1


def _pixels(color: Array) -> Any:
    import torch

    return torch.from_numpy(to_float(color)).permute(2, 0, 1)[None]


def _by_diffusers(card: ModelCard, build: Callable[[dict[str, Any]], Any] | None = None, **shown: Any) -> Array:
    """A picture by a pipeline's own loop, from the noise that we would start from."""
    import torch

    from assetgen.diffusion.sampling.latents import seeded_noise

    warm = warm_model(card, (), (), ignore)
    parts = {name: part for name, part in warm.pipeline.components.items() if part is not None}
    pipeline, (width, height) = build(parts) if build else warm.pipeline, card.native
    channels = pipeline.vae.config.latent_channels
    latents, _ = seeded_noise(9, channels, (width // warm.vae_scale_factor, height // warm.vae_scale_factor))
    if card.family == "flux":
        latents = pipeline._pack_latents(latents, 1, channels, *latents.shape[2:])
    words: dict[str, Any] = {"max_sequence_length": 256} if card.model == "tiny_flux_schnell" else {}
    words |= {"use_resolution_binning": False} if card.family in ("pixart", "sana") else {}
    pipeline.scheduler = warm.scheduler()
    pipeline.set_progress_bar_config(disable=True)
    size = {"width": width, "height": height, "num_inference_steps": 4, "guidance_scale": 5.0}
    with torch.inference_mode():
        made = pipeline("a red cat", latents=latents, output_type="np", **size, **words, **shown)
    pixels: Array = np.rint(made.images[0] * 255).astype(int)
    return pixels


def _through_autoencoder(card: ModelCard, given: Array) -> Array:
    import torch

    from assetgen.diffusion.sampling.latents import decode_latents, encode_images, quantize, to_tensor

    pipeline = warm_model(card, (), (), ignore).pipeline
    with torch.inference_mode():
        latent = encode_images(pipeline, to_tensor(to_float(given)))
        return quantize(decode_latents(pipeline.vae, latent)).numpy().astype(int)


def test_a_pack_names_such_a_model_by_a_card_beside_it(
    tiny_of: Find, build_in: Callable[..., list[Event]], tmp_path: Path
) -> None:
    import yaml

    card = tiny_of("sd3").model_dump(mode="json", exclude_defaults=True)
    (tmp_path / "pack/models").mkdir(parents=True)
    (tmp_path / "pack/models/mine.yaml").write_text(yaml.safe_dump({**card, "model": "mine"}))
    words = "source: {diffusion: {prompt: '{prompt}', tile: xy}}\nchecks: [seam]\n"
    (tmp_path / "pack/wall.yaml").write_text(f"preset: wall\n{words}")
    (tmp_path / "pack/pack.yaml").write_text("pack: p\nmodel: mine\nassets: {a: {preset: wall, prompt: bricks}}\n")
    build_in(tmp_path)
    assert read_image(tmp_path / "game/a.png").shape == (32, 32, 3)
