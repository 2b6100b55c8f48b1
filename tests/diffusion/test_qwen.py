"""What only the Qwen-Image families do, compared with the pipelines of diffusers."""

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.families._language_model import pad_prompts
from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.sampling.batches import sample
from assetgen.diffusion.sampling.latents import encode_images, to_tensor
from assetgen.diffusion.sampling.layers import sample_layers
from assetgen.diffusion.sampling.prompts import encode_prompts
from assetgen.errors import InputError
from assetgen.events import Event, ignore
from assetgen.images import Array, color_image, to_float
from assetgen.pack.schema import ModelCard
from assetgen.parts import Context, Control, SourceJob, load_part
from assetgen.pixels.image_files import encode_png, read_image

pytestmark = [pytest.mark.model, pytest.mark.slow]
Make = Callable[..., SourceJob]
Find = Callable[[str], ModelCard]
STEPS = 3
TINY = runpy.run_path(str(Path(__file__).with_name("tiny_qwen.py")))


@pytest.fixture
def smooth() -> Array:
    """An image with smooth colours, RGB."""
    down, across = np.mgrid[0:32, 0:32]
    return np.stack([down * 6 + 30, across * 6 + 30, down * 0 + 128], 2).astype(np.uint8)


def card_of(folder: Path, name: str, side: int, **shape: Any) -> ModelCard:
    """A tiny model whose native images have this side: its pictures have the sizes of the published models'."""
    import torch

    torch.manual_seed(0)
    pipeline = TINY[name](**shape)
    if hasattr(pipeline.transformer, "proj_out"):
        torch.nn.init.normal_(pipeline.transformer.proj_out.weight, std=0.3)
    pipeline.save_pretrained(folder / "model")
    card = {"model": "tiny", "family": name, "weights": {"folder": folder / "model"}, "licence": "CC0-1.0"}
    card |= {"native": (side, side), "precision": "float32", "references": 3 if "edit" in name else 0}
    return ModelCard.model_validate(card)


def picture(width: int, height: int, channels: int = 3) -> Array:
    down, across = np.mgrid[0:height, 0:width]
    planes = [down * 255 // height, across * 255 // width, (down + across) % 256, 255 - down * 200 // height]
    return np.stack(planes[:channels], 2).astype(np.uint8)


def written(folder: Path, name: str, pixels: Array) -> Path:
    (folder / name).write_bytes(encode_png(pixels))
    return folder / name


def sampled(job: SourceJob) -> Array:
    [images] = sample([job])
    return images["color"].astype(int)


def theirs(card: ModelCard, kind: str, **inputs: Any) -> Array:
    """What a pipeline's own loop draws with the seed 9."""
    import diffusers
    import torch

    warm = warm_model(card, (), (), ignore)
    pipeline = getattr(diffusers, kind)(**{**warm.pipeline.components, "scheduler": warm.scheduler()})
    pipeline.set_progress_bar_config(disable=True)
    settings = {"true_cfg_scale": 5.0, "negative_prompt": "fog", "num_inference_steps": STEPS, "output_type": "np"}
    if "layers" not in inputs:
        settings |= {"width": card.native[0], "height": card.native[1]}
    generator = torch.Generator().manual_seed(9)
    with torch.inference_mode():
        made = pipeline(prompt="a red cat", generator=generator, **settings, **inputs)
    pixels: Array = np.rint(made.images[0] * 255).astype(int)
    return pixels


def ours(job: Make, card: ModelCard, **settings: Any) -> Array:
    return sampled(job(card, prompt="a red cat", negative="fog", guidance=5.0, steps=STEPS, seed=9, **settings))


def latents_of(card: ModelCard, pixels: Array) -> Any:
    """As input of a pipeline: of an image it would draw random latents first."""
    import torch

    with torch.inference_mode():
        return encode_images(warm_model(card, (), (), ignore).pipeline, to_tensor(to_float(pixels)))


def test_image_to_image_equals_the_diffusers_pipeline(tiny_of: Find, job: Make, smooth: Array, tmp_path: Path) -> None:
    card = tiny_of("qwen_image")
    expected = theirs(card, "QwenImageImg2ImgPipeline", image=latents_of(card, smooth), strength=0.6)
    made = ours(job, card, image=written(tmp_path, "smooth.png", smooth), strength=0.6)
    assert np.abs(made - expected).max() <= 1


def test_inpainting_equals_the_diffusers_pipeline(tiny_of: Find, job: Make, smooth: Array, tmp_path: Path) -> None:
    import torch

    card, mask = tiny_of("qwen_image"), np.zeros((32, 32, 3), np.uint8)
    mask[8:20, 8:20] = 255
    latents = latents_of(card, smooth)
    mask_image = torch.from_numpy(mask[None, None, ..., 0] / np.float32(255))
    inputs = {"image": latents, "mask_image": mask_image, "masked_image_latents": latents}
    expected = theirs(card, "QwenImageInpaintPipeline", **inputs, strength=0.8)
    files = {"image": written(tmp_path, "smooth.png", smooth), "mask": written(tmp_path, "mask.png", mask)}
    made = ours(job, card, **files, strength=0.8)
    assert np.abs(made - expected)[8:20, 8:20].max() <= 1


def test_the_schedule_of_a_distilled_krea_2_equals_the_diffusers_pipeline(job: Make, tmp_path: Path) -> None:
    import torch

    card = card_of(tmp_path, "krea2", 32, distilled=True)
    made = sampled(job(card, prompt="a red cat", guidance=0.0, steps=STEPS, seed=9))
    pipeline = warm_model(card, (), (), ignore).pipeline
    size = {"width": 32, "height": 32, "num_inference_steps": STEPS, "output_type": "np"}
    with torch.inference_mode():
        expected = pipeline("a red cat", guidance_scale=0.0, generator=torch.Generator().manual_seed(9), **size)
    assert np.abs(made - np.rint(expected.images[0] * 255)).max() <= 1


def test_references_equal_the_diffusers_pipeline(job: Make, tmp_path: Path) -> None:
    """With what distinguishes Qwen-Image-Edit-2511 from 2509: the timestep of the references is 0."""
    from PIL import Image

    card, pictures = card_of(tmp_path, "qwen_image_edit", 128, levels=5, zero_cond_t=True), [picture(60, 40)] * 2
    expected = theirs(card, "QwenImageEditPlusPipeline", image=[Image.fromarray(each) for each in pictures])
    controls = tuple(Control("reference", color_image(each)) for each in pictures)
    request = {"prompt": "a red cat", "negative": "fog", "guidance": 5.0, "steps": STEPS, "seed": 9}
    made = sampled(job(card, Context(asset="it", controls=controls), **request))
    assert np.abs(made - expected).max() <= 1
    assert np.abs(sampled(job(card, **request)) - made).max() > 1


def test_pictures_of_equal_bytes_and_another_shape_are_other_pictures(tiny_of: Find) -> None:
    warm = warm_model(tiny_of("qwen_image_edit"), (), (), ignore)
    wide, high = (np.zeros(shape, np.float32) for shape in ((16, 32, 3), (32, 16, 3)))
    one, other = (encode_prompts(warm, [("a red cat", "")], False, [[picture]]) for picture in (wide, high))
    assert one is not other


def test_a_prompt_with_more_pictures_than_the_model_reads_is_an_error() -> None:
    import torch

    with pytest.raises(
        InputError, match=r"take 9 tokens, and this model reads at most 8. Use a shorter prompt, or fewer"
    ):
        pad_prompts([torch.ones(3, 2), torch.ones(9, 2)], 8)


def layers_job(card: ModelCard, context: Context | None = None, **arguments: Any) -> SourceJob:
    params = load_part("source", "layers").params
    valid = params.model_validate({"model": card, "prompt": "a red cat", **arguments})
    return SourceJob(context or Context(asset="it"), {key: getattr(valid, key) for key in params.model_fields})


@pytest.fixture(scope="module")
def layered(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return card_of(tmp_path_factory.mktemp("layered"), "qwen_image_layered", 640)


def test_layers_equal_the_diffusers_pipeline(layered: ModelCard, tmp_path: Path) -> None:
    from PIL import Image

    image = picture(60, 40, channels=4)
    both = theirs(layered, "QwenImageLayeredPipeline", image=Image.fromarray(image), layers=2)
    settings = {"negative": "fog", "guidance": 5.0, "steps": STEPS, "seed": 9, "count": 2}
    made = sample_layers(layers_job(layered, image=written(tmp_path, "image.png", image), **settings))
    assert sorted(made.channels) == ["color", "layer0", "layer1"]
    for number, expected in enumerate(both):
        assert np.abs(made[f"layer{number}"].astype(int) - expected).max() <= 1


def test_a_picture_of_the_pack_is_published_in_layers(
    layered: ModelCard, build_in: Callable[..., list[Event]], tmp_path: Path
) -> None:
    import yaml

    small = layered.model_copy(update={"native": (64, 64), "defaults": {"steps": 1, "guidance": 1.0}})
    (tmp_path / "pack/models").mkdir(parents=True)
    card = small.model_dump(mode="json", exclude_defaults=True)
    (tmp_path / "pack/models/mine.yaml").write_text(yaml.safe_dump({**card, "model": "mine"}))
    drawing = "preset: drawing\nsource: {fake: {prompt: '{prompt}', size: [32, 16]}}\n"
    (tmp_path / "pack/drawing.yaml").write_text(drawing)
    forest = "forest: {preset: drawing, prompt: a forest}"
    taken_apart = "far: {preset: parallax, prompt: a forest, model: mine, members: [forest], layers: {count: 2}}"
    (tmp_path / "pack/pack.yaml").write_text(f"pack: p\nassets: {{{forest}, {taken_apart}}}\n")
    build_in(tmp_path)
    for name in ("far", "far_layer0", "far_layer1"):
        assert read_image(tmp_path / f"game/{name}.png").shape == (32, 96, 4)


@pytest.mark.parametrize("pictures", [0, 2])
def test_layers_need_one_picture(layered: ModelCard, pictures: int) -> None:
    members = {str(number): color_image(picture(48, 48)) for number in range(pictures)}
    with pytest.raises(InputError, match=r"one picture. Set `image:`, or name one asset as `members:`"):
        sample_layers(layers_job(layered, Context(asset="it", members=members)))


def test_other_models_have_no_layers_and_a_layered_one_no_image(
    layered: ModelCard, tiny_of: Find, job: Make, smooth: Array, tmp_path: Path
) -> None:
    file = written(tmp_path, "smooth.png", smooth)
    with pytest.raises(InputError, match=r"'tiny_qwen_image' does not take pictures apart. Use one of family"):
        sample_layers(layers_job(tiny_of("qwen_image"), image=file))
    with pytest.raises(InputError, match=r"model 'tiny' takes pictures apart. Use a preset like parallax"):
        sampled(job(layered))
