"""The determinism contract: on one class of machine, with the same library versions, an asset has the same bytes
however it is built: alone or among others, first or last, in batches of any size.

Machines of one class have the same kind of device, dtype and instruction set. Others round differently; there
`check` compares images by fingerprint instead of their bytes (see `assetgen/pixels/fingerprint.py`).
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from assetgen.diffusion.sampling.batches import sample
from assetgen.diffusion.speed.devices import device_for
from assetgen.events import Event
from assetgen.pack.library import library_for
from assetgen.pack.schema import ModelCard
from assetgen.parts import SourceJob

pytestmark = [pytest.mark.slow, pytest.mark.model]
SIZE = (96, 64)
"""Of images that are compared in batches: less than half of the work of the model's own size, which packs have."""
PROMPTS = ("a red dragon", "mossy stone bricks", "a castle", "a blue potion bottle", "a green forest")
PACK = "pack: p\ntarget: art\nseed: 3\nassets:\n"


@pytest.fixture(scope="module", params=["float32", "auto"])
def mini(request: pytest.FixtureRequest) -> ModelCard:
    return library_for().card("mini").model_copy(update={"precision": request.param})


def sample_bytes(jobs: Sequence[SourceJob]) -> list[bytes]:
    return [images["color"].tobytes() for images in sample(jobs)]


@pytest.fixture(scope="module")
def alone(mini: ModelCard, job: Callable[..., SourceJob]) -> list[bytes]:
    """The image of each prompt, sampled alone."""
    return [
        sample_bytes([job(mini, prompt=prompt, seed=seed, size=SIZE, steps=2)])[0]
        for seed, prompt in enumerate(PROMPTS)
    ]


def runs_by_default(card: ModelCard) -> bool:
    """Whether a CPU runs this precision where the card leaves it open. On Intel CPUs with AVX-512 but without AMX, the
    last bit in float32 depends on the batch."""
    default = card.model_copy(update={"precision": "auto"})
    return device_for(card, "cpu").dtype == device_for(default, "cpu").dtype


@pytest.mark.parametrize(
    ("order", "batch"),
    [
        ([4, 3, 2, 1, 0], 1),
        ([2, 0, 4, 1, 3], 2),
        ([4, 3, 2, 1, 0], 3),
        ([0, 1, 2, 3, 4], 4),
    ],
)
def test_an_image_has_the_same_bytes_in_any_batch_and_order(
    mini: ModelCard, job: Callable[..., SourceJob], alone: list[bytes], order: list[int], batch: int
) -> None:
    card = mini.model_copy(update={"batch": {"cpu": batch, "gpu": 4}})
    images = sample_bytes([job(card, prompt=PROMPTS[index], seed=index, size=SIZE, steps=2) for index in order])
    expected = [alone[index] for index in order]
    if runs_by_default(card):
        assert images == expected
    else:
        made, wanted = (np.frombuffer(b"".join(each), np.uint8).astype(int) for each in (images, expected))
        assert np.abs(made - wanted).max() <= 1


def test_an_asset_has_the_same_bytes_built_alone_and_in_a_pack(
    build_in: Callable[..., list[Event]], tmp_path: Path
) -> None:
    lines = [
        f"  a{n}: {{preset: painted_concept, prompt: {p}, diffusion: {{steps: 2}}}}\n" for n, p in enumerate(PROMPTS)
    ]
    (tmp_path / "all/pack").mkdir(parents=True)
    (tmp_path / "all/pack/pack.yaml").write_text(PACK + "".join(lines))
    build_in(tmp_path / "all")
    for number, line in enumerate(lines):
        (tmp_path / f"{number}/pack").mkdir(parents=True)
        (tmp_path / f"{number}/pack/pack.yaml").write_text(PACK + line)
        build_in(tmp_path / f"{number}")
        built = [(tmp_path / f"{folder}/game/art/a{number}.png").read_bytes() for folder in ("all", number)]
        assert built[0] == built[1]
