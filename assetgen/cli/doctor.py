"""`assetgen doctor`: report packages, editors, hardware, the time of an image, and the model for this machine."""

import platform
import shutil
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.options import StoreOption
from assetgen.cli.output import read_all
from assetgen.errors import AssetgenError, NotInstalledError

if TYPE_CHECKING:
    from assetgen.diffusion.loading.overview import Recommendation
    from assetgen.pack.schema import ModelCard
    from assetgen.terms import Studio

_PACKAGES = (
    ("torch", "gen", "generating"),
    ("diffusers", "gen", "generating"),
    ("transformers", "gen", "generating"),
    ("peft", "gen", "LoRAs"),
    ("torchao", "quant", "models in 8 bits"),
    ("bitsandbytes", "quant", "models in 4 bits"),
    ("pymatting", "matte", "cutout with method: matting"),
    ("onnxruntime", "controls", "controls from images"),
)
_PROMPT = "a wooden crate"
_FORMATS = {"none": "", "int8": " in 8 bits", "fp8": " in 8 bits", "nf4": " in 4 bits"}
_Report = Callable[[str, str], None]


def doctor(
    model: Annotated[str, typer.Option(help="The model card to measure.")] = "mini",
    store: StoreOption = None,
    json: Annotated[bool, typer.Option("--json", help="Write one JSON object to stdout.")] = False,
) -> None:
    """Report packages, hardware and the model for this machine.

    Editors, free disk space and the measured time of an image are reported, too. The last lines are the verdict and
    the next command. They include the weights of the pack in this folder. The exit code is 3 where packages for
    sampling or these weights are missing.

    \b
    Examples:
      assetgen doctor
      assetgen doctor --model sdxl
    """
    from assetgen.machine import default_store

    found: dict[str, str] = {}

    def report(name: str, text: str) -> None:
        found[name] = text
        if not json:
            typer.echo(f"{name:15} {text}")

    code = _examine(report, model, store or default_store())
    if json:
        typer.echo(dumps(found, ensure_ascii=False))
    raise typer.Exit(code)


def _examine(report: _Report, model: str, store: str | Path) -> int:
    """Report everything. Returns the exit code."""
    from assetgen import __version__
    from assetgen.pack.library import library_for
    from assetgen.pack.licences import studio_of
    from assetgen.pack.schema import Pack

    card, studio = library_for(Path()).card(model), studio_of(Pack(pack="doctor"))
    report("assetgen", f"{__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    missing = [_report_package(report, *package) for package in _PACKAGES]
    report("store", _store(store))
    _report_editors(report)
    try:
        report("device", _device(card))
        recommendation = _report_hardware(report, studio)
        typer.echo(f"measuring images with model '{model}', up to two minutes on a slow machine …", err=True)
        report("cost", f"{_seconds(card):.1f} s an image with model '{model}', on this machine")
    except AssetgenError as error:
        report("cost", f"cannot be measured: {error}")
        report("verdict", f"images cannot be generated here: {error.what}")
        report("next", error.cure or "assetgen doctor")
        return error.exit_code
    if "gen" in missing:
        report("verdict", "images cannot be generated here: packages are missing")
        report("next", 'pip install "assetgen[gen]"')
        return NotInstalledError.exit_code
    return _report_verdict(report, recommendation)


def _report_package(report: _Report, name: str, extra: str, purpose: str) -> str:
    """Report the version of a package. Returns the extra that installs it where it is missing, else an empty string."""
    try:
        report(name, version(name))
    except PackageNotFoundError:
        report(name, f'missing, needed for {purpose}: pip install "assetgen[{extra}]"')
        return extra
    return ""


def _report_editors(report: _Report) -> None:
    """Report the editors that assetgen has plugins for."""
    from assetgen.install.blender_program import installed_blender

    godot = next((found for name in ("godot", "godot4") if (found := shutil.which(name))), None)
    report("Godot", godot or "not found in PATH; needed only for the editor plugin")
    report("Blender", str(installed_blender() or "not found; needed only for the editor plugin"))


def _report_hardware(report: _Report, studio: "Studio") -> "Recommendation | None":
    """Report GPU, RAM and disk. Returns the model for them and the studio."""
    from assetgen.diffusion.loading.downloads import free_space, gigabytes
    from assetgen.diffusion.loading.overview import Limits, model_overview, recommended
    from assetgen.diffusion.loading.quantizing import automatic_formats
    from assetgen.diffusion.speed.hardware import gpu_in_use, nvidia_driver, ram_bytes
    from assetgen.pack.library import library_for

    gpu, ram, (disk, cache) = gpu_in_use(), ram_bytes(), free_space()
    if gpu:
        driver = f", driver {gpu.driver}" if gpu.driver else ""
        report("GPU", f"{gpu.name}, {gigabytes(gpu.memory)}, {gigabytes(gpu.free)} free{driver}")
    elif driver := nvidia_driver():
        report(
            "GPU", f"driver {driver} is here, but this PyTorch cannot use it: install its CUDA build, see pytorch.org"
        )
    else:
        report("GPU", "none that PyTorch can use")
    report("RAM", gigabytes(ram))
    report("disk", f"{gigabytes(disk)} free for weights in {cache}")
    library = library_for(Path())
    cards = (card for _, card, _ in read_all(library.card_names(), library.card) if card)
    limits = Limits(gpu.free if gpu else 0, ram, disk, automatic_formats(), studio)
    return recommended(map(model_overview, cards), limits)


def _report_verdict(report: _Report, recommendation: "Recommendation | None") -> int:
    """Report the model for this machine and the next command. Returns the exit code."""
    if recommendation is None:
        report("verdict", "no model card fits this machine and the studio's licence terms")
        report("next", "assetgen models list")
        return 0
    _report_model(report, recommendation)
    each = recommendation.overview
    if missing := missing_weights(Path()):
        error, command = missing
        report("verdict", f"not ready for the pack in this folder: {error.what}")
        report("next", command)
        return error.exit_code
    report("verdict", f"ready; the model for this machine is {each.card.model}")
    is_here = each.weights == "here"
    report("next", "assetgen init my-game --new-game" if is_here else f"assetgen models get {each.card.model}")
    return 0


def missing_weights(folder: Path) -> tuple[AssetgenError, str] | None:
    """Why the first model that the pack in a folder uses cannot be loaded, and the next command. None where all can be
    loaded, or where there is no pack. A pack that cannot be read counts, too."""
    from assetgen.diffusion.loading.weight_files import check_model, missing_controls
    from assetgen.pack.project import Project
    from assetgen.pack.recipe import models_in_use

    if not any((folder / each).is_file() for each in ("pack.yaml", "assetgen/pack.yaml")):
        return None
    try:
        used = models_in_use(Project.load(folder).plan().recipes)
    except AssetgenError as error:
        return error, "assetgen check"
    for card, kinds in used:
        try:
            check_model(card, kinds)
        except NotInstalledError as error:
            controls = missing_controls(card, kinds)
            names = f" --controls {','.join(controls)}" if controls else ""
            return error, f"assetgen models get {card.model}{names}"
        except AssetgenError as error:
            return error, f"assetgen models verify {card.model}"
    return None


def _report_model(report: _Report, recommendation: "Recommendation") -> None:
    from assetgen.pack.licences import licence_tier

    each = recommendation.overview
    how = _FORMATS[recommendation.quantize] + ("" if recommendation.whole else ", offloaded to RAM")
    fit = f"needs {recommendation.memory / 1e9:.1f} GB{how}"
    report("model", f"{each.card.model}: {each.card.about} ({fit}; commercial use: {licence_tier(each.card)})")


def _store(location: str | Path) -> str:
    """Path and size of the store, or the reason why it cannot be used."""
    from assetgen.store.collect import store_sizes, total_size
    from assetgen.store.store import Store

    try:
        store = Store(location)
        return f"{store} ({total_size(store_sizes(store).values()).bytes / 1e6:.0f} MB)"
    except AssetgenError as error:
        return f"cannot be used: {error}"


def _device(card: "ModelCard") -> str:
    from assetgen.diffusion.speed.devices import device_for

    device = device_for(card)
    return f"{device.name}, {str(device.dtype).removeprefix('torch.')}, {device.batch} images at a time"


def _seconds(card: "ModelCard") -> float:
    """Seconds an image, in a full batch, with a loaded model."""
    from assetgen.build.stages import run_source
    from assetgen.diffusion.speed.devices import device_for
    from assetgen.parts import Context, SourceJob, load_part

    source = load_part("source", "diffusion")
    valid = source.params.model_validate({"model": card, "prompt": _PROMPT})
    job = SourceJob(Context(asset="trial"), {key: getattr(valid, key) for key in type(valid).model_fields})
    batch = [job] * device_for(card).batch
    list(run_source(source, iter(batch)))
    started = time.perf_counter()
    list(run_source(source, iter(batch)))
    return (time.perf_counter() - started) / len(batch)
