"""Devices by torch's names."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assetgen.diffusion.sampling.batches import sample
from assetgen.diffusion.speed.devices import device_for, processor
from assetgen.errors import InputError
from assetgen.pack.schema import ModelCard
from assetgen.parts import SourceJob

pytestmark = pytest.mark.model


@pytest.mark.parametrize("place", ["cuda:77", "gpu", "", "cpu:1", "CPU"])
def test_a_missing_device_is_refused(tiny: ModelCard, job: Callable[..., SourceJob], place: str) -> None:
    asked = job(tiny)
    with pytest.raises(InputError, match=f"there is no device '{place}' here. Use auto, .*cpu"):
        list(sample([SourceJob(replace(asked.context, device=place), asked.arguments)]))


def test_the_cpu_can_be_named_and_equals_auto_on_machines_without_gpu(
    tiny: ModelCard, job: Callable[..., SourceJob]
) -> None:
    asked = job(tiny)
    [there] = sample([SourceJob(replace(asked.context, device="cpu"), asked.arguments)])
    assert device_for(tiny, "cpu").torch_device == "cpu"
    if device_for(tiny).name == "cpu":
        [auto] = sample([asked])
        assert np.array_equal(there["color"], auto["color"])


@pytest.mark.parametrize(
    ("flags", "name"),
    [("avx512_bf16 amx_bf16", "Intel . AMX"), ("avx512_bf16", "Intel . BF16"), ("avx512f", "Intel .")],
)
def test_a_class_of_machine_includes_how_the_cpu_multiplies_bfloat16(
    flags: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = f"vendor_id\t: GenuineIntel\nflags\t\t: fpu {flags} sse\n"
    monkeypatch.setattr(Path, "read_text", lambda _: facts)
    monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: ".")
    assert processor.__wrapped__() == name
