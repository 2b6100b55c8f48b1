"""`assetgen doctor`: report installed packages, the device, and the time of an image."""

import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.options import StoreOption
from assetgen.errors import AssetgenError, NotInstalledError
from assetgen.machine import default_store

if TYPE_CHECKING:
    from assetgen.pack.schema import ModelCard

_PACKAGES = (
    ("torch", "gen", "generating"),
    ("diffusers", "gen", "generating"),
    ("transformers", "gen", "generating"),
    ("peft", "gen", "LoRAs"),
    ("pymatting", "matte", "cutout with method: matting"),
)
_PROMPT = "a wooden crate"


def doctor(
    model: Annotated[str, typer.Option(help="The model card to measure.")] = "mini",
    store: StoreOption = None,
) -> None:
    """Report what is installed, the device, and the time of an image.

    The exit code is 3 where packages for sampling are missing.

    \b
    Examples:
      assetgen doctor
      assetgen doctor --model sdxl
    """
    from assetgen import __version__
    from assetgen.pack.library import library_for

    _report("assetgen", f"{__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    missing = [_report_package(*package) for package in _PACKAGES]
    _report("store", _store(store or default_store()))
    card = library_for(Path()).card(model)
    try:
        _report("device", _device(card))
        _report("cost", f"{_seconds(card):.1f} s an image with model '{model}', on this machine")
    except AssetgenError as error:
        _report("cost", f"cannot be measured: {error}")
        raise typer.Exit(error.exit_code) from error
    if "gen" in missing:
        raise typer.Exit(NotInstalledError.exit_code)


def _report_package(name: str, extra: str, purpose: str) -> str:
    """Print the version of a package. Returns the extra that installs it where it is missing, else an empty string."""
    try:
        _report(name, version(name))
    except PackageNotFoundError:
        _report(name, f'missing, needed for {purpose}: pip install "assetgen[{extra}]"')
        return extra
    return ""


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


def _report(name: str, text: str) -> None:
    typer.echo(f"{name:15} {text}")
