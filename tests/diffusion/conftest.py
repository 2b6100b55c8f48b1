"""Tiny models with random weights, in diffusers layout: one image takes a tenth of a second."""

import runpy
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from assetgen.pack.schema import ModelCard
from assetgen.parts import SourceJob

MAKERS = runpy.run_path(str(Path(__file__).with_name("tiny_models.py")))
"""Tests are not a package, so they cannot import a module in their folder."""
FAMILIES = tuple(MAKERS["PIPELINES"])
"""Every family, and the models of a family that are called differently."""
FAMILY = {"flux_schnell": "flux", "flux_fill": "flux", "flux2_base": "flux2", "flux2_dev": "flux2"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of one model one after the other: a process keeps one model in memory."""
    files = {path: number for number, path in enumerate(dict.fromkeys(item.path for item in items))}
    items.sort(key=lambda item: (files[item.path], *_model_of(item)))


def _model_of(item: pytest.Item) -> tuple[str, str]:
    params = item.callspec.params if hasattr(item, "callspec") and item.path.parent == Path(__file__).parent else {}
    return str(params.get("each", params.get("name", ""))), str(params.get("quantize", ""))


@pytest.fixture(autouse=True)
def _one_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """One torch thread: for tiny layers, threads cost more than they save."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(threads if "mini" in request.fixturenames else 1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    """Stable Diffusion's shape: 3 latent channels, a VAE factor of 4, a depth and a canny ControlNet."""
    return _card(tmp_path_factory.mktemp("tiny"), "stable_diffusion")


@pytest.fixture(scope="session")
def tiny_xl(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    """SDXL's shape: two text encoders, and a UNet with size conditioning."""
    return _card(tmp_path_factory.mktemp("tiny_xl"), "sdxl")


@pytest.fixture(scope="session")
def tiny_unet(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., ModelCard]:
    """`tiny_unet(xl=…, …)`: Stable Diffusion's shape with another UNet configuration."""

    def make(xl: bool = False, **shape: Any) -> ModelCard:
        return _card(tmp_path_factory.mktemp("odd"), "sdxl" if xl else "stable_diffusion", **shape)

    return make


@pytest.fixture(scope="session")
def tiny_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ModelCard]:
    """`tiny_of(name)`: the card of one of `FAMILIES`."""

    return cache(lambda name: _card(tmp_path_factory.mktemp(f"tiny_{name}_"), name))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests with the fixture `each` for every family."""
    if "each" in metafunc.fixturenames:
        metafunc.parametrize("each", FAMILIES, indirect=True)


@pytest.fixture
def each(request: pytest.FixtureRequest, tiny_of: Callable[[str], ModelCard]) -> ModelCard:
    """The card of one family."""
    return tiny_of(request.param)


def _card(folder: Path, name: str, **shape: Any) -> ModelCard:
    MAKERS["build"](folder, name, **shape)
    kinds = [kind for kind in ("depth", "canny") if (folder / kind).exists()]
    networks = {kind: {"weights": {"folder": folder / kind}, "licence": "CC0-1.0"} for kind in kinds}
    return ModelCard.model_validate(
        {
            "model": folder.name.rstrip("_0123456789"),
            "family": FAMILY.get(name, name),
            "weights": {"folder": folder / "model"},
            "licence": "CC0-1.0",
            "native": (32, 32),
            "controls": networks,
            "precision": "float32",
            "defaults": {"steps": 2, "guidance": 4.0},
        }
    )


@pytest.fixture(scope="session")
def job() -> Callable[..., SourceJob]:
    """`job(card, context, prompt=…, …)`: a job whose arguments are validated as those in YAML."""
    from assetgen.parts import Context, load_part

    params = load_part("source", "diffusion").params

    def make(card: ModelCard, context: Context | None = None, **arguments: Any) -> SourceJob:
        valid = params.model_validate({"model": card, "prompt": "a cat", **arguments})
        return SourceJob(context or Context(asset="it"), {key: getattr(valid, key) for key in params.model_fields})

    return make
