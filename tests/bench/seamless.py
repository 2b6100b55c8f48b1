"""Compare the two ways in which transformers draw tiling images: noise rolling and periodic rotary positions.

    python tests/bench/seamless.py [STEPS]

A small FLUX is trained for some minutes to draw strips of smooth random fields that do not tile. It then draws strips
without tiling and in both ways: the median of the seam gate's ratio along x, contrast, and seconds.
"""

import runpy
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from assetgen.diffusion.families import Family
from assetgen.diffusion.families.flux import flux
from assetgen.diffusion.loading.models import WarmModel, warm_model
from assetgen.diffusion.sampling.batches import tiling
from assetgen.diffusion.sampling.denoise import denoise
from assetgen.diffusion.sampling.request import Request, read_request
from assetgen.events import ignore
from assetgen.images import FloatArray
from assetgen.pack.schema import ModelCard
from assetgen.parts import Context, SourceJob, load_part
from assetgen.pixels.seams import wrap_ratio

MODELS = runpy.run_path(str(Path(__file__).parents[1] / "diffusion" / "tiny_models.py"))
ROWS, COLUMNS = 4, 48  # tokens
FEATURE = 6  # latent cells: the size of what the fields show
SEEDS = range(8)


def main() -> None:
    """Train, then print a line for each way."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 800
    family = flux()
    with tempfile.TemporaryDirectory() as folder:
        pipeline = MODELS["flux"](distilled=False)
        train(family, pipeline, steps)
        pipeline.save_pretrained(folder)
        for tile, seamless in (("", "rolling"), ("x", "rolling"), ("x", "periodic")):
            measure(folder, tile, seamless)


def train(family: Family, pipeline: Any, steps: int) -> None:
    """Replace the pipeline's transformer by one that draws smooth random fields."""
    import diffusers

    torch.manual_seed(0)
    config = {**pipeline.transformer.config, "num_layers": 1, "num_single_layers": 3, "attention_head_dim": 32}
    network = diffusers.FluxTransformer2DModel.from_config({**config, "axes_dims_rope": (4, 8, 20)})
    pipeline.register_modules(transformer=network)
    with torch.no_grad():
        embeds = family.encode(pipeline, ["a cat"] * 8, [""] * 8, False)
    kwargs = family.network_kwargs(pipeline, embeds, (COLUMNS * 8, ROWS * 8), torch.ones(8))
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    for _ in range(steps):
        target = fields(8)
        noise, share = torch.randn_like(target), torch.rand(1)
        found = family.predict(network, target.lerp(noise, share), share * 1000, kwargs)
        (found - (noise - target)).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()


def fields(count: int) -> torch.Tensor:
    """Crops of smooth random fields, `count×4×2·ROWS×2·COLUMNS`, each with the deviation 1."""
    side = 4 * COLUMNS
    frequency = (torch.fft.fftfreq(side)[:, None] ** 2 + torch.fft.rfftfreq(side) ** 2).sqrt()
    noise = torch.fft.rfft2(torch.randn(count, 1, side, side)) * torch.exp(-((frequency * 3 * FEATURE) ** 2))
    found = torch.fft.irfft2(noise)[..., : 2 * ROWS, : 2 * COLUMNS]
    return (found / found.std()).expand(-1, 4, -1, -1)


def measure(folder: str, tile: str, seamless: str) -> None:
    """Draw strips and print their seams, contrast and time."""
    card = ModelCard.model_validate(
        {
            "model": "fields",
            "family": "flux",
            "weights": {"folder": folder},
            "licence": "CC0-1.0",
            "native": (COLUMNS * 8, ROWS * 8),
            "precision": "float32",
            "defaults": {"steps": 12},
            "seamless": seamless,
        }
    )
    params = load_part("source", "diffusion").params
    warm = warm_model(card, (), (), ignore)
    latents, started = [], time.perf_counter()
    for seed in SEEDS:
        valid = params.model_validate({"model": card, "prompt": "a cat", "tile": tile, "seed": seed})
        job = SourceJob(Context(asset="it"), {key: getattr(valid, key) for key in params.model_fields})
        with torch.inference_mode():
            latents.append(draw(warm, read_request(job)))
    seconds = time.perf_counter() - started
    ratio = np.median([wrap_ratio((each / 6 + 0.5).clip(0, 1), "x") for each in latents])
    way = f"tile {tile}, {seamless}" if tile else "no tiling"
    print(f"{way:18} seam {ratio:5.2f}  contrast {np.mean([each.std() for each in latents]):.2f}  {seconds:5.1f} s")


def draw(warm: WarmModel, request: Request) -> FloatArray:
    """The latents `h×w×C` of one request."""
    size = (COLUMNS * 8, ROWS * 8)
    with tiling(warm, request, (), size):
        found: FloatArray = denoise(warm, [request], size, ["it"])[0].permute(1, 2, 0).numpy()
    return found


if __name__ == "__main__":
    main()
