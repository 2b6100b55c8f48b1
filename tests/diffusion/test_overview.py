"""The overview of a model, and which model is recommended for a machine and a studio."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from assetgen.diffusion.loading.overview import Limits, model_overview, recommended
from assetgen.pack.library import library_for
from assetgen.pack.schema import ModelCard
from assetgen.terms import Studio

GB = 10**9
ROOMY = {"ram": 256 * GB, "disk": 1000 * GB}


def card(name: str, billions: float, **fields: Any) -> ModelCard:
    parameters = {"transformer": billions, "vae": 0.1}
    plain = {"model": name, "family": "flux", "licence": "MIT", "native": (512, 512), "quantize": "auto"}
    hub = {"hub": f"maker/{name}", "revision": "0" * 40}
    facts = {"download": billions * 2, "parameters": parameters}
    return ModelCard.model_validate({**plain, "weights": hub, "facts": facts, **fields})


SMALL, MIDDLE, LARGE = card("small", 1), card("middle", 6), card("large", 20)


def choice(cards: list[ModelCard], device: float, **limits: Any) -> tuple[str, str | None] | None:
    values: Mapping[str, Any] = {**ROOMY, **limits}
    found = recommended(map(model_overview, cards), Limits(round(device * GB), **values))
    how = found.quantize if found and found.whole else None
    return (found.overview.card.model, how) if found else None


@pytest.fixture(autouse=True)
def _empty_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


def test_memory_is_computed_from_the_parameters_of_weights_that_are_not_here() -> None:
    memory = model_overview(MIDDLE).memory
    assert memory is not None
    assert memory.resident - memory.workspace == pytest.approx(12.2 * GB, rel=0.001)
    assert memory.offloaded - memory.workspace == pytest.approx(12 * GB, rel=0.001)
    assert 3 * GB < memory.quantized - memory.workspace < 3.5 * GB


def test_memory_of_a_model_that_is_here_is_computed_from_its_files() -> None:
    mini = library_for().card("mini").model_copy(update={"facts": LARGE.facts})
    memory = model_overview(mini).memory
    assert memory is not None and memory.resident < GB


def test_memory_of_a_partly_downloaded_model_is_computed_from_its_parameters(tmp_path: Path) -> None:
    """As after a declined `assetgen models get`, which has read the index."""
    folder = tmp_path / "hub/models--maker--middle/snapshots" / ("0" * 40)
    folder.mkdir(parents=True)
    (folder / "model_index.json").write_text('{"transformer": ["diffusers", "FluxTransformer2DModel"]}')
    found = model_overview(MIDDLE)
    assert found.weights == "not whole"
    assert found.memory is not None and found.memory.resident > 12 * GB


def test_a_model_without_known_memory_is_not_recommended() -> None:
    unknown = card("unknown", 6, facts={})
    assert model_overview(unknown).memory is None
    assert choice([unknown], 80) is None


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        (80, ("large", "none")),
        (24, ("large", "int8")),
        (16, ("middle", "none")),
        (8, ("middle", "int8")),
        (4, ("small", "none")),
        (2.1, ("small", "nf4")),
        (1, ("small", None)),
        (0, ("small", "none")),
    ],
)
def test_the_largest_model_that_fits_in_16_or_8_bits_is_recommended(device: float, expected: tuple[str, str]) -> None:
    assert choice([SMALL, MIDDLE, LARGE], device) == expected


def test_a_model_is_recommended_in_the_format_in_which_a_build_loads_it() -> None:
    """Only `quantize: auto` chooses. A model that is offloaded may be quantized, too."""
    assert choice([card("fixed", 6, quantize="none"), SMALL], 8) == ("small", "none")
    assert choice([card("fixed", 6, quantize="int8"), SMALL], 8) == ("fixed", "int8")
    two = card("two", 6, facts={"parameters": {"transformer": 6, "text_encoder": 6}})
    found = recommended([model_overview(two)], Limits(int(7.3 * GB), 99 * GB, 99 * GB))
    assert found is not None and (found.quantize, found.whole, round(found.memory / GB, 1)) == ("int8", False, 7.2)


def test_formats_that_are_not_installed_are_not_recommended() -> None:
    assert choice([SMALL, MIDDLE, LARGE], 24, formats=("none",)) == ("middle", "none")


def test_ram_and_disk_limit_the_choice() -> None:
    assert choice([SMALL, MIDDLE, LARGE], 80, ram=16 * GB) == ("middle", "none")
    assert choice([SMALL, MIDDLE, LARGE], 80, disk=5 * GB) == ("small", "none")


def test_a_model_whose_licence_forbids_the_studio_is_not_recommended() -> None:
    limited = card("limited", 6, commercial={"below_revenue": "1000000 USD"})
    closed = card("closed", 6, commercial=False)
    abroad = card("abroad", 6, not_in=["EU"])
    poor, rich, german = Studio(revenue=1), Studio(revenue=2_000_000), Studio(countries=("DE",))
    assert choice([SMALL, limited], 80, studio=poor) == ("limited", "none")
    assert choice([SMALL, limited], 80, studio=rich) == ("small", "none")
    assert choice([SMALL, limited], 80) == ("small", "none")
    assert choice([SMALL, abroad], 80, studio=german) == ("small", "none")
    assert choice([SMALL, closed], 80) == ("small", "none")


def test_a_model_that_takes_pictures_apart_or_of_an_unknown_family_is_not_recommended() -> None:
    layered, unknown = card("layers", 20, family="qwen_image_layered"), card("unknown", 20, family="none")
    assert choice([SMALL, layered, unknown], 80) == ("small", "none")


def test_a_gated_model_is_recommended_only_where_no_other_fits() -> None:
    gated = card("gated", 20, facts={**LARGE.facts.model_dump(), "gated": True})
    assert choice([MIDDLE, gated], 80) == ("middle", "none")
    assert choice([gated], 80) == ("gated", "none")


def test_among_models_of_one_size_the_one_with_controls_is_recommended() -> None:
    network = {"weights": {"hub": "maker/depth", "revision": "0" * 40}, "licence": "MIT"}
    assert choice([SMALL, card("guided", 1, controls={"depth": network})], 80) == ("guided", "none")
