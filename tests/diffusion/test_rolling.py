"""Seamless images from transformers: noise rolling, and circular padding where there are no position embeddings."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.sampling.batches import sample
from assetgen.diffusion.sampling.denoise import denoise
from assetgen.diffusion.sampling.request import read_request
from assetgen.diffusion.sampling.rolling import VIEWS, roll, start_offsets, view_shifts, view_weights
from assetgen.diffusion.sampling.tiling import circular_padding
from assetgen.errors import InputError
from assetgen.events import ignore
from assetgen.images import FloatArray
from assetgen.pack.locations import Folder
from assetgen.pack.schema import ModelCard
from assetgen.parts import SourceJob
from assetgen.pixels.seams import SEAM_LIMIT, Axis, wrap_ratio

pytestmark = pytest.mark.model
Make = Callable[..., SourceJob]
Find = Callable[[str], ModelCard]


@pytest.mark.parametrize("axes", ["", "x", "y", "xy"])
def test_every_step_has_another_shift_along_the_tiling_axes_only(axes: str) -> None:
    steps = [view_shifts([start_offsets(5)], step, 0.0, axes, (64, 48))[0] for step in range(12)]
    for axis, cells in zip("xy", zip(*steps, strict=True), strict=True):
        assert len(set(cells)) == (12 if axis in axes else 1)
        assert axis in axes or set(cells) == {0}


def test_few_steps_spread_the_border_over_the_image() -> None:
    across = sorted(view_shifts([start_offsets(1)], step, 0.0, "x", (100, 100))[0][0] for step in range(4))
    gaps = np.diff([*across, across[0] + 100])
    assert gaps.max() < 45


@pytest.mark.parametrize("axes", ["x", "y", "xy"])
def test_at_the_border_of_one_view_the_other_view_has_the_weight(axes: str) -> None:
    weights = [view_weights(view_shifts([start_offsets(4)], 0, view, axes, (64, 48)), axes, (64, 48)) for view in VIEWS]
    share = (weights[0] / (weights[0] + weights[1]))[0, 0].numpy()
    border = [-shift for shift in view_shifts([start_offsets(4)], 0, 0.0, axes, (64, 48))[0]]
    for axis, cell, line in (("x", border[0], share.mean(0)), ("y", border[1], share.mean(1))):
        if axis in axes:
            assert line[cell] < 0.5 < line[cell + len(line) // 2 - len(line)]
            assert np.abs(np.diff([*line, line[0]])).max() < 0.1


def test_rolling_back_restores_a_tensor_and_images_roll_with_their_latents() -> None:
    import torch

    latents = torch.arange(2 * 6 * 8).reshape(2, 1, 6, 8)
    cells = view_shifts([start_offsets(1), start_offsets(2)], 3, 0.5, "xy", (8, 6))
    assert (roll(roll(latents, cells, 8), cells, 8, back=True) == latents).all()
    large = latents.repeat_interleave(4, 2).repeat_interleave(4, 3)
    assert (roll(large, cells, 8)[:, :, ::4, ::4] == roll(latents, cells, 8)).all()


@pytest.fixture(scope="module")
def gradient_model(tiny_of: Find, tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    """A tiny SD3 trained to draw a gradient from dark at the left to bright at the right."""
    import diffusers
    import torch

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("gradient") / "model"
    card = tiny_of("sd3")
    assert isinstance(card.weights, Folder)
    pipeline = diffusers.StableDiffusion3Pipeline.from_pretrained(card.weights.folder)
    network, torch_seed = pipeline.transformer, torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    target = torch.linspace(-1.5, 1.5, 16).expand(16, 4, 16, 16)
    kwargs = {"encoder_hidden_states": torch.zeros(16, 4, 64), "pooled_projections": torch.zeros(16, 64)}
    for _ in range(150):
        noise, share = torch.randn(target.shape, generator=torch_seed), torch.rand(16, generator=torch_seed)
        mixed = target.lerp(noise, share.reshape(-1, 1, 1, 1))
        found = network(mixed, timestep=share * 1000, **kwargs, return_dict=False)[0]
        loss = (found - (noise - target)).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    pipeline.save_pretrained(folder)
    return card.model_copy(update={"weights": Folder(folder=folder), "controls": {}, "model": "gradient"})


def latents_of(card: ModelCard, job: SourceJob) -> FloatArray:
    """The sampled latents `h×w×C`, scaled to about 0..1."""
    import torch

    warm = warm_model(card, (), (), ignore)
    with torch.inference_mode():
        found = denoise(warm, [read_request(job)], (64, 64), ["it"])[0]
    shown: FloatArray = (found / 5 + 0.5).clamp(0, 1).permute(1, 2, 0).numpy()
    return shown


@pytest.mark.parametrize("steps", [4, 20])
@pytest.mark.parametrize("axes", ["x", "y", "xy"])
def test_noise_rolling_removes_the_seam_along_the_tiling_axes(
    gradient_model: ModelCard, job: Make, axes: str, steps: int
) -> None:
    across: Axis = "x"
    arguments = {"size": (64, 64), "steps": steps, "guidance": 1.0}
    plain = wrap_ratio(latents_of(gradient_model, job(gradient_model, **arguments)), across)
    seamless = wrap_ratio(latents_of(gradient_model, job(gradient_model, tile=axes, **arguments)), across)
    assert plain > 2 * SEAM_LIMIT
    assert seamless < SEAM_LIMIT if "x" in axes else seamless > 2 * SEAM_LIMIT


NETWORKS = [("sana", "transformer"), ("sana", "encoder"), ("sana", "decoder"), ("sd3", "encoder"), ("sd3", "decoder")]


@pytest.mark.parametrize(("name", "network"), NETWORKS)
@pytest.mark.parametrize("axes", ["x", "y", "xy"])
def test_networks_without_position_embeddings_tile_by_circular_padding(
    tiny_of: Find, name: str, network: str, axes: str
) -> None:
    import torch

    with torch.inference_mode():
        for axis, dimension in (("y", 2), ("x", 3)):
            before, after = (_run(tiny_of(name), network, axes, shift, dimension) for shift in (0, 4))
            change = float((before.roll(4 * before.shape[2] // 8, dimension) - after).abs().max())
            assert change < 1e-4 if axis in axes else change > 1e-3


def _run(card: ModelCard, network: str, axes: str, shift: int, dimension: int) -> Any:
    """The output of a network for noise rolled by latent cells."""
    import torch

    warm = warm_model(card, (), (), ignore)
    scale = warm.vae_scale_factor if network == "encoder" else 1
    shape = (1, 3 if network == "encoder" else 4, 8 * scale, 8 * scale)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(0)).roll(shift * scale, dimension)
    with circular_padding(warm.networks([]), axes):
        if network == "encoder":
            found = warm.pipeline.vae.encode(noise)
            return found.latent if card.family == "sana" else found.latent_dist.mode()
        if network == "decoder":
            return warm.pipeline.vae.decode(noise).sample
        return warm.network(noise, torch.ones(1, 4, 32), torch.tensor([500.0])).sample


def test_a_side_of_a_fraction_of_a_token_cannot_tile(tiny_of: Find, job: Make) -> None:
    with pytest.raises(InputError, match=r"36 pixels along y cannot tile in model 'tiny_flux'. Use a multiple of 8"):
        next(sample([job(tiny_of("flux"), size=(32, 36), tile="xy")]))


@pytest.mark.parametrize("name", ["sd3", "flux", "pixart", "sana"])
def test_a_seamless_image_does_not_depend_on_its_batch(tiny_of: Find, job: Make, name: str) -> None:
    jobs = [job(tiny_of(name), seed=seed, tile="xy", steps=3) for seed in range(3)]
    [alone], together = list(sample(jobs[2:])), list(sample(jobs))
    assert np.abs(alone["color"].astype(int) - together[2]["color"].astype(int)).max() <= 1


def test_control_images_roll_with_the_latents(tiny_of: Find, job: Make) -> None:
    """Rolling the latents and the control image by half a side rolls the prediction."""
    import torch

    from assetgen.diffusion.sampling.conditioning import SamplingStep, predict, prepare_conditioning
    from assetgen.images import color_image
    from assetgen.parts import Context, Control

    card = tiny_of("flux")
    ramp = np.linspace(0, 255, 32 * 32 * 3).reshape(32, 32, 3).astype(np.uint8)
    context = Context(asset="it", controls=(Control("depth", color_image(ramp)),))
    warm = warm_model(card, (), ["depth"], ignore)
    scheduler = warm.scheduler()
    scheduler.set_timesteps(2, mu=1.0)
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        conditioning = prepare_conditioning(warm, [read_request(job(card, context, tile="xy"))], (32, 32))
        [control] = conditioning.controls
        rolled = replace(conditioning, controls=(replace(control, cond=control.cond.roll((4, 4), (-1, -2))),))
        step = SamplingStep(1, scheduler.timesteps[0], 0.5)
        before = predict(warm, conditioning, scheduler, latents, step)
        after = predict(warm, rolled, scheduler, latents.roll((4, 4), (-1, -2)), step)
    assert torch.allclose(before.roll((4, 4), (-1, -2)), after, atol=1e-4)
