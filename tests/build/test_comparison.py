"""Files of other bytes against the lock, by class of machine."""

import pytest

from assetgen.build.comparison import compare
from assetgen.build.cost import machine_class
from assetgen.pack.lock import LockEntry

GREY, WHITE = "80" * 64, "ff" * 64
CPU = "cpu Intel AVX512, 2 cores, float32"
GPU = {"device": "NVIDIA H200, bfloat16", "batch": [4, 1]}


def entry(cost: dict[str, object] = {"device": CPU}) -> LockEntry:  # noqa: B006
    outputs = dict.fromkeys(("a.png", "a.json"), "0" * 64)
    return LockEntry(
        preset="p", keys={}, source={}, export={}, tries=1, outputs=outputs, looks={"a.png": GREY}, cost=cost
    )


@pytest.mark.parametrize("machine", ["", "cpu AMD AVX2, 2 cores, float32", "cpu, 2 cores, float32"])
def test_the_same_look_is_enough_on_other_hardware(machine: str) -> None:
    assert compare({"a.json": None, "a.png": "83" * 64}, entry(), machine).reason is None


def test_on_the_same_class_of_machine_bytes_count() -> None:
    found = compare({"a.png": GREY}, entry(), CPU)
    assert (found.is_similar, "the same class of machine" in str(found.reason)) == (True, True)


def test_a_gpu_has_the_same_bytes_in_the_same_slot_of_a_batch() -> None:
    other_slot = machine_class({**GPU, "batch": [4, 2]})
    assert compare({"a.png": GREY}, entry(GPU), machine_class(GPU)).reason
    assert compare({"a.png": GREY}, entry(GPU), other_slot).reason is None


@pytest.mark.parametrize("looks", [{"a.png": WHITE}, {"a.png": ""}, {"b.png": GREY}], ids=["white", "missing", "new"])
def test_another_look_counts_on_every_machine(looks: dict[str, str | None]) -> None:
    assert not compare(looks, entry(), "", by="looks").is_similar


def test_a_lock_without_a_class_of_machine_is_compared_by_looks() -> None:
    assert compare({"a.png": GREY}, entry({}), "").reason is None
