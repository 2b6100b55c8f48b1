"""`quantize: auto`: the lock records the number format, and later builds follow it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from assetgen.build.options import BuildOptions
from assetgen.build.precision import with_number_formats
from assetgen.build.run import build_pack
from assetgen.events import Event, Finished
from assetgen.machine import Machine
from assetgen.pack.project import Project
from assetgen.pack.recipe import Recipe
from assetgen.store.store import Store

pytestmark = [pytest.mark.model, pytest.mark.slow]
CARD = "model: own\nfamily: stable_diffusion\nweights: {bundled: mini}\nlicence: Apache-2.0\nnative: [64, 64]\n"
CARD += "defaults: {steps: 1}\nbatch: {cpu: 1}\nquantize: "
PACK = "pack: game\nmodel: own\nassets:\n  one: {preset: painted_concept, prompt: a hill}\n"
Write = Callable[..., Project]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the pack with its card in a number format; load it."""

    def project(quantize: str, more: str = "") -> Project:
        (tmp_path / "models").mkdir(exist_ok=True)
        (tmp_path / "models/own.yaml").write_text(CARD + quantize + "\n")
        (tmp_path / "pack.yaml").write_text(PACK + more)
        return Project.load(tmp_path, tmp_path / "game")

    return project


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(Store(tmp_path / "store"), tmp_path / "machine", "cpu")


def built(project: Project, machine: Machine) -> Finished:
    events: list[Event] = []
    return build_pack(project, machine, BuildOptions(), events.append)


def formats(project: Project, machine: Machine) -> dict[str, str]:
    found: tuple[Recipe, ...] = with_number_formats(project.plan().recipes, machine)
    return {recipe.name: recipe.source.arguments["model"].quantize for recipe in found}


def test_a_format_on_the_cpu_is_none_and_has_the_key_of_a_card_without_it(write: Write, machine: Machine) -> None:
    assert built(write("auto"), machine).sampled == 1
    assert built(write("none"), machine).reused == 1


def test_auto_follows_the_format_in_the_lock(write: Write, machine: Machine) -> None:
    assert built(write("int8"), machine).sampled == 1
    assert write("int8").read_lock()["one"].source["model"]["quantize"] == "int8"  # type: ignore[index,call-overload]
    assert built(write("auto"), machine).reused == 1
    assert built(write("nf4"), machine).sampled == 1


def test_a_new_asset_gets_the_format_that_its_model_has_in_the_lock(write: Write, machine: Machine) -> None:
    built(write("int8"), machine)
    more = "  two: {preset: painted_concept, prompt: a lake}\n"
    assert formats(write("auto", more), machine) == {"one": "int8", "two": "int8"}


def test_nothing_is_quantized_on_a_cluster_by_itself(write: Write, machine: Machine) -> None:
    cluster = Machine(machine.store, machine.cache, "cuda", runner=lambda sampler, attempts: iter(()))
    assert formats(write("auto"), cluster) == {"one": "none"}
