"""`assetgen doctor`: what is installed, which device there is, and what a run will cost."""

import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assetgen.cli.build import StoreOption
from assetgen.errors import AssetgenError, NotInstalledError
from assetgen.machine import default_store

if TYPE_CHECKING:
    from assetgen.pack.schema import ModelCard

PACKAGES = (
    ("torch", "gen", "generating"),
    ("diffusers", "gen", "generating"),
    ("transformers", "gen", "generating"),
    ("peft", "gen", "LoRAs"),
    ("pymatting", "matte", "cutout with method: matting"),
)
TRIAL = "a wooden crate"


def doctor(
    model: Annotated[str, typer.Option(help="The model to measure.")] = "mini",
    store: StoreOption = None,
) -> None:
    """Tell what is installed and on which device it runs, and time one picture."""
    from assetgen import __version__
    from assetgen.pack.library import library_for

    _say("assetgen", f"{__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    missing = [_tell_package(*package) for package in PACKAGES]
    _say("store", _store(store or default_store()))
    card = library_for(Path()).card(model)
    try:
        _say("device", _device(card))
        _say("cost", f"{_seconds(card):.1f} s a picture with model '{model}'; no account, no fee: it runs here")
    except AssetgenError as error:
        _say("cost", f"cannot be measured: {error}")
        raise typer.Exit(error.exit_code) from error
    if "gen" in missing:
        raise typer.Exit(NotInstalledError.exit_code)


def _tell_package(name: str, extra: str, purpose: str) -> str:
    """A line for a package; the extra that would install it, where it is missing."""
    try:
        _say(name, version(name))
    except PackageNotFoundError:
        _say(name, f'missing, needed for {purpose}: pip install "assetgen[{extra}]"')
        return extra
    return ""


def _store(place: str | Path) -> str:
    """Where the store lies and how large it is, or why it cannot be used."""
    from assetgen.store.collect import store_sizes, total_size
    from assetgen.store.store import Store

    try:
        store = Store(place)
        return f"{store} ({total_size(store_sizes(store).values()).bytes / 1e6:.0f} MB)"
    except AssetgenError as error:
        return f"cannot be used: {error}"


def _device(card: "ModelCard") -> str:
    from assetgen.diffusion.speed.devices import device_for

    device = device_for(card)
    return f"{device.name}, {str(device.dtype).removeprefix('torch.')}, {device.batch} pictures at a time"


def _seconds(card: "ModelCard") -> float:
    """Seconds a picture of a full batch, the model loaded."""
    from assetgen.build.stages import run_source
    from assetgen.diffusion.speed.devices import device_for
    from assetgen.parts import Context, SourceJob, load_part

    source = load_part("source", "diffusion")
    words: dict[str, Any] = {"model": card, "prompt": TRIAL}
    valid = source.params.model_validate(words)
    job = SourceJob(Context(asset="trial"), {key: getattr(valid, key) for key in type(valid).model_fields})
    batch = [job] * device_for(card).batch
    list(run_source(source, iter(batch)))
    started = time.perf_counter()
    list(run_source(source, iter(batch)))
    return (time.perf_counter() - started) / len(batch)


def _say(what: str, text: str) -> None:
    typer.echo(f"{what:15} {text}")
