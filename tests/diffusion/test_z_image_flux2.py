"""Image-to-image, inpainting, controls and reference pictures of Z-Image and FLUX.2, compared with diffusers' pipelines
on tiny models with random weights. Text-to-image is in `test_families.py`."""

import runpy
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.sampling.batches import sample, tiling
from assetgen.diffusion.sampling.conditioning import prepare_conditioning
from assetgen.diffusion.sampling.request import read_request
from assetgen.errors import InputError
from assetgen.events import ignore
from assetgen.images import Array, color_image
from assetgen.pack.schema import ModelCard
from assetgen.parts import Context, Control, SourceJob
from assetgen.pixels.image_files import encode_png, read_image

pytestmark = [pytest.mark.model, pytest.mark.slow]
Make = Callable[..., SourceJob]
Find = Callable[[str], ModelCard]
KLEIN = pytest.mark.parametrize("name", ["flux2", "flux2_base"])
FLUX2 = pytest.mark.parametrize("name", ["flux2", "flux2_base", "flux2_dev"])
REPAINTED = np.s_[:, 16:]
"""The part of the image where the mask is white. Elsewhere ours has the exact pixels of the image."""


def ours(job: SourceJob) -> Array:
    [images] = sample([job])
    return images["color"].astype(int)


def theirs(kind: str, card: ModelCard, control: str = "", **inputs: Any) -> Array:
    """An image of a pipeline of the class `kind`, from the same noise."""
    import diffusers
    import torch

    warm = warm_model(card, (), [control] if control else [], ignore)
    parts = {name: part for name, part in warm.pipeline.components.items() if part is not None}
    parts |= {"scheduler": warm.scheduler(), "vae": _without_noise(parts["vae"])}
    if control:
        parts["controlnet"] = warm.controls[control]
    parts |= {name: warm.pipeline.config[name] for name in ("is_distilled",) if name in warm.pipeline.config}
    pipeline = getattr(diffusers, kind)(**parts)
    pipeline.set_progress_bar_config(disable=True)
    settings = {"num_inference_steps": 6, "guidance_scale": 5.0, "generator": torch.Generator().manual_seed(9)}
    with torch.inference_mode():
        made = pipeline(prompt="a red cat", output_type="np", **settings, **inputs)
    pixels: Array = np.rint(made.images[0] * 255).astype(int)
    return pixels


def _without_noise(vae: Any) -> Any:
    """An autoencoder that returns the mode of its distribution: pipelines would draw from it, and so change which noise
    comes next."""

    class Mode(type(vae)):  # type: ignore[misc]
        def encode(self, images: Any) -> Any:
            return SimpleNamespace(latents=super().encode(images).latent_dist.mode())

    found = Mode.from_config(vae.config)
    found.load_state_dict(vae.state_dict())
    return found.eval()


def settings(**more: Any) -> dict[str, Any]:
    return {"prompt": "a red cat", "steps": 6, "guidance": 5.0, "seed": 9, **more}


def ramp(height: int, width: int, value: int = 255) -> Array:
    return np.linspace(0, value, height * width * 3).reshape(height, width, 3).astype(np.uint8)


def with_references(*pictures: Array, **settings: float) -> Context:
    return Context(asset="it", controls=tuple(Control("reference", color_image(each), **settings) for each in pictures))


def controlled() -> Context:
    return Context(asset="it", controls=(Control("depth", color_image(ramp(32, 32)), strength=0.7),))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    down, across = np.mgrid[0:32, 0:32]
    pixels = np.stack([down * 6 + 30, across * 6 + 30, down * 0 + 128], 2).astype(np.uint8)
    (tmp_path / "image.png").write_bytes(encode_png(pixels))
    return tmp_path / "image.png"


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    """White in `REPAINTED`, black elsewhere."""
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[REPAINTED] = 255
    (tmp_path / "mask.png").write_bytes(encode_png(pixels))
    return tmp_path / "mask.png"


def opened(file: Path) -> Image.Image:
    return Image.fromarray(read_image(file)[..., :3])


@pytest.mark.parametrize("strength", [0.35, 0.6, 1.0])
def test_image_to_image_equals_the_pipeline_of_z_image(tiny_of: Find, job: Make, image: Path, strength: float) -> None:
    card = tiny_of("z_image")
    wanted = theirs("ZImageImg2ImgPipeline", card, image=opened(image), strength=strength, height=32, width=32)
    assert np.abs(ours(job(card, **settings(image=image, strength=strength))) - wanted).max() <= 1


def test_inpainting_equals_the_pipeline_of_z_image(tiny_of: Find, job: Make, image: Path, mask: Path) -> None:
    card = tiny_of("z_image")
    inputs = {"image": opened(image), "mask_image": opened(mask).convert("L"), "strength": 0.7}
    wanted = theirs("ZImageInpaintPipeline", card, **inputs, height=32, width=32)
    made = ours(job(card, **settings(image=image, mask=mask, strength=0.7)))
    assert np.abs(made - wanted)[REPAINTED].max() <= 1


@pytest.fixture
def for_inpainting(tiny_of: Find, tmp_path: Path) -> ModelCard:
    """Z-Image with a ControlNet that also receives mask and image."""
    import torch

    card = tiny_of("z_image")
    makers = runpy.run_path(str(Path(__file__).with_name("tiny_z_image_flux2.py")))
    torch.manual_seed(1)
    makers["z_image_control"](None, channels=9).save_pretrained(tmp_path / "union")
    control = {"weights": {"folder": tmp_path / "union"}, "type": "controlnet_union", "licence": "CC0-1.0", "mode": 0}
    return ModelCard.model_validate({**card.model_dump(), "controls": {"depth": control}})


def test_a_controlnet_for_inpainting_without_a_mask_equals_the_pipeline(for_inpainting: ModelCard, job: Make) -> None:
    inputs = {"control_image": Image.fromarray(ramp(32, 32)), "controlnet_conditioning_scale": 0.7}
    wanted = theirs("ZImageControlNetPipeline", for_inpainting, "depth", **inputs, height=32, width=32)
    assert np.abs(ours(job(for_inpainting, controlled(), **settings())) - wanted).max() <= 1


def test_a_controlnet_for_inpainting_equals_the_pipeline(
    for_inpainting: ModelCard, job: Make, image: Path, tmp_path: Path
) -> None:
    """With a mask of 1 throughout; elsewhere our loop also restores the unmasked latents in every step."""
    (tmp_path / "white.png").write_bytes(encode_png(np.full((32, 32, 3), 255, np.uint8)))
    inputs = {"control_image": Image.fromarray(ramp(32, 32)), "controlnet_conditioning_scale": 0.7}
    inputs |= {"image": opened(image), "mask_image": opened(tmp_path / "white.png").convert("L")}
    wanted = theirs("ZImageControlNetInpaintPipeline", for_inpainting, "depth", **inputs, height=32, width=32)
    request = settings(image=image, mask=tmp_path / "white.png", strength=1.0)
    assert np.abs(ours(job(for_inpainting, controlled(), **request)) - wanted).max() <= 1


def test_the_mask_reaches_a_controlnet_for_inpainting(
    for_inpainting: ModelCard, job: Make, image: Path, mask: Path
) -> None:
    request = settings(image=image, mask=mask, strength=1.0)
    with_mask, without = (ours(job(for_inpainting, context, **request)) for context in (controlled(), None))
    assert np.abs(with_mask - without)[REPAINTED].max() > 1


def test_a_prompt_longer_than_the_position_embeddings_of_z_image_is_an_error(tiny_of: Find, job: Make) -> None:
    with pytest.raises(InputError, match=r"this model reads at most 2016. Use a shorter prompt"):
        ours(job(tiny_of("z_image"), prompt="castle " * 400))


@pytest.mark.parametrize("context", [None, controlled()])
def test_an_image_of_z_image_has_the_same_bytes_beside_longer_prompts(
    tiny_of: Find, job: Make, context: Context | None
) -> None:
    prompts, counts = ["a cat", "a dog", "a red castle on a hill above a village at sunset", "a fox"], []
    jobs = [job(tiny_of("z_image"), context, prompt=each, guidance=5.0, steps=3) for each in prompts]
    network = warm_model(tiny_of("z_image"), (), (), ignore).network
    handle = network.register_forward_pre_hook(lambda _, inputs: counts.append(len(inputs[0])))
    together = [images["color"] for images in sample(jobs)]
    handle.remove()
    assert all((next(sample([each]))["color"] == made).all() for each, made in zip(jobs, together, strict=True))
    assert set(counts) == {1}  # tiny layers may round alike in batches of any size


def taking(card: ModelCard, references: int) -> ModelCard:
    return card.model_copy(update={"references": references})


@FLUX2
@pytest.mark.parametrize("count", [1, 2])
def test_reference_pictures_equal_the_pipeline_of_flux2(tiny_of: Find, job: Make, name: str, count: int) -> None:
    """Of a size that is no multiple of the token's."""
    card, pictures = taking(tiny_of(name), 2), [ramp(80, 72), ramp(64, 72, 90)][:count]
    kind = "Flux2Pipeline" if name == "flux2_dev" else "Flux2KleinPipeline"
    wanted = theirs(kind, card, image=[Image.fromarray(each) for each in pictures], height=32, width=32)
    assert np.abs(ours(job(card, with_references(*pictures), **settings())) - wanted).max() <= 1


def test_a_large_reference_picture_is_shrunk_to_the_area_that_the_pipeline_encodes(tiny_of: Find, job: Make) -> None:
    import torch

    card, image = taking(tiny_of("flux2"), 1), np.full((1500, 1000, 3), 128, np.uint8)
    warm, request = warm_model(card, (), (), ignore), read_request(job(card, with_references(image)))
    width, height = warm.pipeline.image_processor._resize_to_target_area(Image.fromarray(image)).size
    with torch.inference_mode():
        kwargs = prepare_conditioning(warm, [request], (32, 32)).network_kwargs
    assert kwargs["reference_tokens"].shape[1] == (width // 8) * (height // 8)


def test_an_image_that_is_repainted_is_shown_on_the_grid_that_is_sampled_in_any_size(
    tiny_of: Find, job: Make, image: Path, mask: Path
) -> None:
    """It is larger than the area to which reference pictures are shrunk."""
    import torch

    card, latents = tiny_of("flux2"), torch.ones(1, 16, 150, 150)
    request = read_request(job(card, **settings(image=image, mask=mask)))
    with torch.inference_mode():
        kwargs = prepare_conditioning(warm_model(card, (), (), ignore), [request], (1200, 1200), latents).network_kwargs
    assert kwargs["reference_ids"][0, :, 1:].equal(kwargs["img_ids"][:, 1:])


def test_a_reference_picture_is_encoded_once_and_the_image_that_is_repainted_not_again(
    tiny_of: Find, job: Make, image: Path, mask: Path
) -> None:
    import torch

    card = taking(tiny_of("flux2_base"), 1).model_copy(update={"guidance_end": 0.5})
    warm, calls = warm_model(card, (), (), ignore), []
    request = read_request(job(card, with_references(ramp(64, 64)), **settings(image=image, mask=mask)))
    handle = warm.pipeline.vae.encoder.register_forward_hook(lambda *_: calls.append(1))
    with torch.inference_mode():
        prepare_conditioning(warm, [request], (32, 32), torch.ones(1, 16, 4, 4))
    handle.remove()
    assert len(calls) == 1


def test_a_reference_picture_has_borders_also_where_the_image_tiles(tiny_of: Find, job: Make) -> None:
    import torch

    card = taking(tiny_of("flux2"), 1)
    warm, request = warm_model(card, (), (), ignore), read_request(job(card, with_references(ramp(64, 64)), tile="xy"))
    with torch.inference_mode():
        plain = prepare_conditioning(warm, [request], (32, 32)).network_kwargs["reference_tokens"]
        with tiling(warm, request, (), (32, 32)):
            assert prepare_conditioning(warm, [request], (32, 32)).network_kwargs["reference_tokens"].equal(plain)


@KLEIN
@pytest.mark.parametrize("referring", [False, True])
def test_inpainting_equals_the_pipeline_of_flux2(
    tiny_of: Find, job: Make, image: Path, mask: Path, name: str, referring: bool
) -> None:
    card, picture = taking(tiny_of(name), 1), ramp(64, 64)
    inputs: dict[str, Any] = {"image": opened(image), "mask_image": opened(mask).convert("L"), "strength": 0.7}
    inputs |= {"image_reference": Image.fromarray(picture)} if referring else {}
    wanted = theirs("Flux2KleinInpaintPipeline", card, **inputs)
    context = with_references(picture) if referring else None
    made = ours(job(card, context, **settings(image=image, mask=mask, strength=0.7)))
    assert np.abs(made - wanted)[REPAINTED].max() <= 1


@KLEIN
def test_references_do_not_depend_on_the_batch(tiny_of: Find, job: Make, name: str) -> None:
    """Those of other sizes are sampled in a batch of their own."""
    card, pictures = taking(tiny_of(name), 1), [ramp(64, 64), ramp(64, 64, 90), ramp(80, 64)]
    jobs = [job(card, with_references(each), seed=seed) for seed, each in enumerate(pictures)]
    together = [images["color"].astype(int) for images in sample(jobs)]
    alone = [ours(each) for each in jobs]
    assert all(np.abs(one - other).max() <= 1 for one, other in zip(together, alone, strict=True))


def test_an_autoencoder_of_flux2_is_replaced_by_one_of_its_class(tiny_of: Find, job: Make) -> None:
    card = tiny_of("flux2")
    own = card.weights.folder / "vae"  # type: ignore[union-attr]
    replaced = ModelCard.model_validate({**card.model_dump(), "vae": {"folder": own}})
    assert (ours(job(replaced)) == ours(job(card))).all()


def test_a_reference_picture_changes_the_image(tiny_of: Find, job: Make) -> None:
    card = taking(tiny_of("flux2_base"), 1)
    one, other = (ours(job(card, with_references(each), seed=1)) for each in (ramp(64, 64), 255 - ramp(64, 64)))
    assert np.abs(one - other).max() > 1


def test_more_reference_pictures_than_the_card_allows_are_an_error(tiny_of: Find, job: Make) -> None:
    card, picture = taking(tiny_of("flux2"), 1), ramp(64, 64)
    with pytest.raises(InputError, match=r"takes at most 1 reference pictures, and here are 2"):
        ours(job(card, with_references(picture, picture)))


def test_a_family_without_references_is_an_error(tiny_of: Find, job: Make) -> None:
    with pytest.raises(InputError, match=r"takes no reference pictures: no model of family `sd3` does"):
        ours(job(taking(tiny_of("sd3"), 1), with_references(ramp(64, 64))))


def test_a_strength_of_a_reference_picture_is_an_error(tiny_of: Find, job: Make) -> None:
    card = taking(tiny_of("flux2"), 1)
    with pytest.raises(InputError, match=r"takes reference pictures as they are. Remove `strength`, `start` and `end`"):
        ours(job(card, with_references(ramp(64, 64), strength=0.5)))


def test_a_reference_picture_smaller_than_a_token_is_an_error(tiny_of: Find, job: Make) -> None:
    with pytest.raises(InputError, match=r"a reference picture of 4 × 64 pixels is too small"):
        ours(job(taking(tiny_of("flux2"), 1), with_references(ramp(64, 4))))
