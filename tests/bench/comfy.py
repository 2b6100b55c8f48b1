"""ComfyUI's own pace on the models of `gpu.py`: one prompt after the other, each picture saved as PNG, the model warm.

    python tests/bench/comfy.py COMFYUI MODELS OUT.json [--tiny] [MODEL…]

COMFYUI is a folder with its source (0.8.0 is tried), MODELS the folder of `shapes.write`, which is called where a model
is missing. Pictures come from ComfyUI's prompt executor, its own nodes and its own choice of number formats; what it
caches between prompts (models, the negative prompt, the control picture) stays cached. Checkpoints are single files
below MODELS/checkpoints, renamed by ComfyUI's tables from the same weights. `--tiny` tries the script on any machine:
the true models, small pictures, two steps, on the CPU.
"""

import importlib
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

HERE = Path(__file__).resolve().parent
SIDES = {"sd15": 512, "sdxl": 1024}
IMAGES = {"sd15": 6, "sdxl": 3}
STEPS = 20
WEIGHTS = "diffusion_pytorch_model.safetensors"
MODULES = {
    "torch": "torch",
    "safetensors": "safetensors.torch",
    "execution": "execution",
    "paths": "folder_paths",
    "utils": "comfy.utils",
    "management": "comfy.model_management",
    "detection": "comfy.model_detection",
    "convert": "comfy.diffusers_convert",
    "version": "comfyui_version",
}
FLAGS_OF_TINY = ("--cpu", "--bf16-unet", "--bf16-text-enc")
"""ComfyUI's own flags: half the memory of what it would choose on a CPU."""
MODULES_OF_VIDEO = ("av", "av.container", "av.subtitles", "av.subtitles.stream")


@dataclass(frozen=True)
class Trial:
    """What is drawn: by which model, under a depth ControlNet or not, small or in full."""

    name: str
    depth: bool
    tiny: bool

    @property
    def key(self) -> str:
        """Its name in the report, as `gpu.py` names it."""
        return f"{self.name}_random" + "_depth" * self.depth

    @property
    def side(self) -> int:
        return 64 if self.tiny else SIDES[self.name]

    @property
    def steps(self) -> int:
        return 2 if self.tiny else STEPS

    @property
    def images(self) -> int:
        return 2 if self.tiny else IMAGES[self.name]


def main(comfyui: Path, models: Path, out: Path, names: Sequence[str], tiny: bool) -> None:
    """Measure, and write down after each trial what there is so far."""
    if not (comfyui / "execution.py").exists():
        raise SystemExit(f"{comfyui}: no source of ComfyUI is here; name the folder that holds its main.py")
    for name in names:
        if not (models / name / "model_index.json").exists():
            write_shapes(name, models, tiny)
    comfy = start(comfyui, FLAGS_OF_TINY if tiny else ())
    device = comfy.management.get_torch_device_name(comfy.management.get_torch_device())
    nobody = SimpleNamespace(client_id=None, send_sync=lambda *message: None)  # no page is open
    executor = comfy.execution.PromptExecutor(nobody, comfy.execution.CacheType.CLASSIC, {"lru": 0, "ram": 0})
    report: dict[str, Any] = {"comfyui": comfy.version.__version__, "torch": comfy.torch.__version__, "device": device}
    with tempfile.TemporaryDirectory() as place:
        point_at(comfy, models, Path(place))
        for name in names:
            checkpoint = models / "checkpoints" / f"{name}.safetensors"
            if not checkpoint.exists():
                write_checkpoint(comfy, models / name, checkpoint)
            for trial in (Trial(name, depth, tiny) for depth in (False, True)):
                report[trial.key] = measure(comfy, executor, trial, Path(place))
                out.write_text(json.dumps(report, indent=1))
    print(json.dumps(report, indent=1))


def write_shapes(name: str, models: Path, tiny: bool) -> None:
    """Write the model, in another process: ComfyUI sets up torch before its first import.

    Tiny, the weights are drawn in half precision: those of XL in full would need 18 GB.
    """
    models.mkdir(parents=True, exist_ok=True)
    half = "torch.set_default_dtype(torch.float16); " if tiny else ""
    words = f"shapes.write({name!r}, pathlib.Path({str(models.resolve())!r}), steps={STEPS}, batch=1)"
    subprocess.run([sys.executable, "-c", f"import pathlib, shapes, torch; {half}{words}"], cwd=HERE, check=True)


def start(comfyui: Path, flags: Sequence[str]) -> SimpleNamespace:
    """ComfyUI's modules, imported as its `main.py` does it, with flags as on its command line."""
    sys.argv = ["main.py", *flags]
    sys.path[0] = str(comfyui.resolve())  # in place of this folder, whose comfy.py has the name of ComfyUI's package
    stand_in_for_video()
    importlib.import_module("comfy.options").enable_args_parsing()
    importlib.import_module("cuda_malloc")
    return SimpleNamespace(**{name: importlib.import_module(module) for name, module in MODULES.items()})


def stand_in_for_video() -> None:
    """Where PyAV is not installed, empty modules: only ComfyUI's nodes for video use what they would hold."""
    if importlib.util.find_spec("av") is None:
        for name in MODULES_OF_VIDEO:
            sys.modules[name] = module = ModuleType(name)
            module.__dict__.update(InputContainer=object, SubtitleStream=object)


def point_at(comfy: SimpleNamespace, models: Path, place: Path) -> None:
    """Tell ComfyUI where models lie, and to save in `place`; draw the depth picture."""
    from PIL import Image

    comfy.paths.add_model_folder_path("checkpoints", str(models / "checkpoints"), is_default=True)
    comfy.paths.add_model_folder_path("controlnet", str(models), is_default=True)
    comfy.paths.set_output_directory(str(place))
    comfy.paths.set_input_directory(str(place))
    comfy.paths.set_temp_directory(str(place))
    Image.radial_gradient("L").resize((max(SIDES.values()),) * 2).convert("RGB").save(place / "depth.png")


def write_checkpoint(comfy: SimpleNamespace, folder: Path, checkpoint: Path) -> None:
    """One file as the models were first published, from a folder of diffusers."""
    unet = comfy.utils.load_torch_file(str(folder / "unet" / WEIGHTS))
    config = comfy.detection.model_config_from_diffusers_unet(unet)
    names = comfy.utils.unet_to_diffusers(config.unet_config)
    weights = config.process_unet_state_dict_for_saving({names[name]: part for name, part in unet.items()})
    vae = comfy.convert.convert_vae_state_dict(comfy.utils.load_torch_file(str(folder / "vae" / WEIGHTS)))
    weights |= config.process_vae_state_dict_for_saving(vae)
    clip = text_encoder(comfy, folder / "text_encoder", "clip_l")
    if (folder / "text_encoder_2").exists():
        clip |= text_encoder(comfy, folder / "text_encoder_2", "clip_g")
    weights |= config.process_clip_state_dict_for_saving(clip)
    checkpoint.parent.mkdir(exist_ok=True)
    contiguous = {name: part.contiguous() for name, part in weights.items()}
    comfy.safetensors.save_file(contiguous, checkpoint, metadata={"format": "pt"})


def text_encoder(comfy: SimpleNamespace, folder: Path, name: str) -> dict[str, Any]:
    """Its weights by the names that ComfyUI gives them; transformers 5 leaves out `text_model`."""
    weights = comfy.utils.load_torch_file(str(folder / "model.safetensors"))
    inner = ("embeddings.", "encoder.", "final_layer_norm.")
    return {f"{name}.transformer.{'text_model.' * key.startswith(inner)}{key}": part for key, part in weights.items()}


def measure(comfy: SimpleNamespace, executor: Any, trial: Trial, place: Path) -> dict[str, Any]:
    """Seconds of a pack of distinct prompts, after one prompt that loads the model and warms it up."""
    on_gpu = comfy.management.get_torch_device().type == "cuda"
    first = draw(executor, graph(trial, trial.images))
    if on_gpu:
        comfy.torch.cuda.reset_peak_memory_stats()
    each = [draw(executor, graph(trial, number)) for number in range(trial.images)]
    return {
        "images": trial.images,
        "steps": trial.steps,
        "side": trial.side,
        "images_per_second": round(trial.images / sum(each), 4),
        "seconds_per_image": round(sum(each) / trial.images, 4),
        "each": [round(seconds, 4) for seconds in each],
        "first": round(first, 2),
        "formats": formats(comfy),
        "peak": comfy.torch.cuda.max_memory_allocated() if on_gpu else None,
        "png_bytes": max(place.glob("bench_*.png")).stat().st_size,
    }


def formats(comfy: SimpleNamespace) -> dict[str, str]:
    """The number format of each network that is loaded."""
    networks = [loaded.model.model for loaded in comfy.management.current_loaded_models]
    largest = {type(each).__name__: max(each.parameters(), key=lambda part: part.numel()) for each in networks}
    return {name: str(part.dtype) for name, part in largest.items()}


def draw(executor: Any, prompt: dict[str, Any]) -> float:
    """Seconds of one prompt, until its PNG stands."""
    started = time.perf_counter()
    executor.execute(prompt, "bench", {}, ["save"])
    if not executor.success:
        raise SystemExit(f"ComfyUI: {executor.status_messages[-1]}")
    return time.perf_counter() - started


def graph(trial: Trial, number: int) -> dict[str, Any]:
    """What ComfyUI's page would send: text to picture, with a ControlNet or without."""
    positive, negative = (["both", 0], ["both", 1]) if trial.depth else (["yes", 0], ["no", 0])
    sampling = {"seed": number, "steps": trial.steps, "cfg": 7.5, "sampler_name": "dpmpp_2m", "scheduler": "normal"}
    sampling |= {"denoise": 1.0, "positive": positive, "negative": negative}
    nodes = {
        "model": node("CheckpointLoaderSimple", ckpt_name=f"{trial.name}.safetensors"),
        "yes": node("CLIPTextEncode", clip=["model", 1], text=f"a stone keep, number {number}"),
        "no": node("CLIPTextEncode", clip=["model", 1], text=""),
        "empty": node("EmptyLatentImage", width=trial.side, height=trial.side, batch_size=1),
        "sample": node("KSampler", model=["model", 0], latent_image=["empty", 0], **sampling),
        "decode": node("VAEDecode", samples=["sample", 0], vae=["model", 2]),
        "save": node("SaveImage", images=["decode", 0], filename_prefix="bench"),
    }
    return nodes | (control(trial.name) if trial.depth else {})


def control(name: str) -> dict[str, Any]:
    """Nodes of one control for both texts."""
    words = {"positive": ["yes", 0], "negative": ["no", 0], "control_net": ["net", 0], "image": ["picture", 0]}
    return {
        "net": node("ControlNetLoader", control_net_name=f"{name}/controlnet/{WEIGHTS}"),
        "picture": node("LoadImage", image="depth.png"),
        "both": node("ControlNetApplyAdvanced", **words, strength=1.0, start_percent=0.0, end_percent=1.0),
    }


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    """One node of a graph."""
    return {"class_type": kind, "inputs": inputs}


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--tiny"]
    if len(words) < 3 or set(words[3:]) - set(SIDES):
        raise SystemExit(__doc__)
    main(Path(words[0]), Path(words[1]), Path(words[2]), words[3:] or list(SIDES), "--tiny" in sys.argv)
