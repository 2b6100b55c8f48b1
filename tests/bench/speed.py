"""Options of model cards that make sampling faster, each against plain diffusers in the same run.

    python tests/bench/speed.py [--images N]

The model is a transformer of Z-Image's architecture with random weights: on a GPU of its real size (6.2 billion
parameters, 1024²), else a small one at 64². Printed are seconds an image and how many times as long plain diffusers
takes, one image at a time; and the seconds until the first call of the compiled network is done, when its repeated
blocks are compiled and when all of it is. Needs a C++ compiler; `fp8_dynamic` a GPU of compute capability 8.9. Run it
alone on the machine. The small model shows that the rows run; only those of a GPU are worth comparing.
"""

import argparse
import runpy
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from assetgen.diffusion.loading.models import warm_model
from assetgen.diffusion.loading.warm_cache import unload_models
from assetgen.diffusion.sampling.batches import sample
from assetgen.diffusion.speed.baseline import plain_diffusers
from assetgen.diffusion.speed.compiling import compilable_parts, compile_modules
from assetgen.diffusion.speed.devices import multiplies_fp8
from assetgen.events import ignore
from assetgen.pack.schema import ModelCard
from assetgen.parts import Context, SourceJob, load_part

TINY = runpy.run_path(str(Path(__file__).parents[1] / "diffusion/tiny_z_image_flux2.py"))
GPU = torch.cuda.is_available()
SIDE, STEPS, GUIDANCE = (1024, 8, 5.0) if GPU else (64, 4, 5.0)
BLOCKS: dict[str, Any] = {"dim": 3840, "n_layers": 30, "n_heads": 30, "n_kv_heads": 30} if GPU else {}
SMALL: dict[str, Any] = {"dim": 256, "n_layers": 6, "n_heads": 2, "n_kv_heads": 2}
ROWS: Mapping[str, Mapping[str, Any]] = {
    "as it is": {},
    "compile: always": {"compile": "always"},
    "guidance_end: 0.6": {"guidance_end": 0.6},
    "quantize: fp8_dynamic": {"quantize": "fp8_dynamic"},
    "quantize: fp8_dynamic, compile: always": {"quantize": "fp8_dynamic", "compile": "always"},
}


def write_model(folder: Path) -> ModelCard:
    """Write the model, and return its card. The text encoder is tiny: it runs once."""
    import diffusers

    torch.manual_seed(0)
    tokenizer, encoder = TINY["qwen3_pair"](layers=2)
    with torch.device("cuda" if GPU else "cpu"):
        transformer = diffusers.ZImageTransformer2DModel(cap_feat_dim=TINY["WIDTH"], **(BLOCKS or SMALL))
        widths = (128, 256, 512, 512) if GPU else (32, 32)
        vae = diffusers.AutoencoderKL(
            latent_channels=16,
            block_out_channels=widths,
            down_block_types=("DownEncoderBlock2D",) * len(widths),
            up_block_types=("UpDecoderBlock2D",) * len(widths),
            scaling_factor=0.3611,
            shift_factor=0.1159,
        )
    for token in (transformer.x_pad_token, transformer.cap_pad_token):
        torch.nn.init.normal_(token)  # created without values
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)
    pipeline = diffusers.ZImagePipeline(scheduler, vae, encoder, tokenizer, transformer)
    pipeline.to(dtype=torch.bfloat16).save_pretrained(folder)
    settings = {"defaults": {"steps": STEPS, "guidance": GUIDANCE}, "batch": {"cpu": 2, "gpu": 4}}
    found = {"model": "random", "family": "z_image", "weights": {"folder": folder}, "licence": "CC0-1.0"}
    return ModelCard.model_validate({**found, **settings, "native": (SIDE, SIDE)})


def seconds(card: ModelCard, images: int) -> float:
    """Seconds an image of a model that is loaded, compiled and warmed up."""
    params = load_part("source", "diffusion").params

    def draw() -> None:
        arguments = [params.model_validate({"model": card, "prompt": f"{n}", "seed": n}) for n in range(images)]
        found = [{name: getattr(each, name) for name in params.model_fields} for each in arguments]
        list(sample(SourceJob(Context(asset="it"), each) for each in found))

    for _ in range(3 if GPU else 1):  # CUDA graphs are captured in the third run of a step
        draw()
    return timed(draw) / images


def compile_seconds(card: ModelCard, whole: bool) -> float:
    """Seconds of the first call of the compiled transformer."""
    warm, arguments = warm_model(card, (), (), ignore), []
    hook = warm.network.register_forward_pre_hook(lambda network, *inputs: arguments.append(inputs), with_kwargs=True)
    seconds(card.model_copy(update={"defaults": {"steps": 1, "guidance": GUIDANCE}}), 1)
    hook.remove()
    given, named = arguments[0]
    torch._dynamo.reset()
    compile_modules([warm.network] if whole else compilable_parts(warm.network))
    with torch.inference_mode(), torch.compiler.config.patch(force_disable_caches=True):
        found = timed(lambda: warm.network(*given, **named))
    unload_models()
    return found


def timed(run: Callable[[], object]) -> float:
    """Seconds until the device has finished."""
    started = time.perf_counter()
    run()
    if GPU:
        torch.cuda.synchronize()
    return time.perf_counter() - started


def main(images: int) -> None:
    """Print a line for each option."""
    folder = Path(tempfile.mkdtemp(prefix="assetgen-bench-"))
    try:
        card = write_model(folder)
        prompts, options = [f"{n}" for n in range(images)], {"steps": STEPS, "guidance": GUIDANCE, "size": (SIDE, SIDE)}
        plain = plain_diffusers(card, prompts, options, folder, None) / images
        print(f"plain diffusers, one at a time: {plain:.3f} s/image", flush=True)
        for name, option in ROWS.items():
            if "fp8_dynamic" in option.values() and not multiplies_fp8("cuda" if GPU else "cpu"):
                print(f"{name}: not measured, needs a GPU of compute capability 8.9")
                continue
            unload_models()
            each = seconds(card.model_copy(update=option), images)
            print(f"{name}: {each:.3f} s/image; plain diffusers takes {plain / each:.2f} times as long", flush=True)
        unload_models()
        blocks, whole = compile_seconds(card, False), compile_seconds(card, True)
        print(f"compiling: blocks {blocks:.1f} s, all of it {whole:.1f} s, {whole / blocks:.1f} times as long")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--images", type=int, default=8 if GPU else 2)
    main(parser.parse_args().images)
