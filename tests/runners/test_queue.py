"""Who makes what next, without any process."""

from collections.abc import Iterable
from typing import Any

import pytest

from assetgen.build.attempts import Attempt
from assetgen.pack.library import load_pack
from assetgen.pack.resolve import resolve_pack
from assetgen.runners.queue import RETRIES, Queue, Slice, cut


def slices(words: str) -> list[Slice]:
    """A slice a letter, each of two tries, whose model is the letter: `"aab"`."""
    return [Slice(model, model, {f"{model}{n}": Any, f"{model}{n}+": Any}) for n, model in enumerate(words)]  # type: ignore[dict-item]


def queue(words: str) -> Queue:
    found = Queue()
    found.add(slices(words))
    return found


def models(given: Iterable[tuple[str, Slice]]) -> list[tuple[str, Any]]:
    return [(worker, slice.model) for worker, slice in given]


def work(queue: Queue, *workers: str) -> dict[str, str]:
    """Every worker ends its slices as quickly as the others; gives the models that each loads, in order."""
    loads: dict[str, str] = dict.fromkeys(workers, "")
    while queue.unfinished:
        for worker, slice in queue.hand_out(workers):
            loads[worker] += "" if loads[worker].endswith(str(slice.model)) else str(slice.model)
        for worker in workers:
            for slice in queue.held.get(worker, [])[:1]:
                queue.end(worker, slice)
    return loads


def test_everyone_gets_one_before_anyone_gets_two() -> None:
    assert [worker for worker, _ in queue("aaa").hand_out(["one", "two"])] == ["one", "two", "one"]


def test_a_worker_stays_with_the_model_it_has() -> None:
    assert work(queue("abababab"), "one", "two") == {"one": "a", "two": "b"}


def test_one_worker_loads_each_model_once() -> None:
    assert work(queue("abcabcabc"), "one") == {"one": "abc"}


def test_idle_workers_take_on_a_model_with_much_to_do() -> None:
    loads = work(queue("a" + "b" * 20), "one", "two", "three")
    assert sorted(loads.values()) == ["b", "b", "ba"]


def test_the_last_slices_of_a_model_stay_with_who_has_it() -> None:
    left = queue("abbb")
    left.hand_out(["one", "two"])
    left.end("one", left.held["one"][0])
    assert models(left.hand_out(["one"])) == [], "two has the model, and gets the last slice"


def test_within_a_model_a_worker_stays_with_what_makes_a_batch() -> None:
    mixed = Queue()
    mixed.add(Slice("m", group, {f"{group}{n}": Any}) for n, group in enumerate("xyxyxy"))  # type: ignore[dict-item]
    order = []
    while found := mixed.take("one"):
        order.append(found.group)
        mixed.end("one", found)
    assert order == list("xxxyyy")


def test_what_a_dead_worker_had_is_made_again_alone_first_whole_then_one_by_one() -> None:
    left = queue("aab")
    left.hand_out(["one"])
    assert left.died("one") == []
    assert [len(slice.open) for _, slice in left.hand_out(["two", "three"])][:2] == [2, 2]
    left.died("two")
    assert len(left.hand_out(["four"])[0][1].open) == 1


def test_what_was_told_before_the_death_is_not_made_again() -> None:
    left = queue("a")
    [(_, slice)] = left.hand_out(["one"])
    del slice.open["a0"]
    left.died("one")
    assert list(left.hand_out(["two"])[0][1].open) == ["a0+"]


@pytest.mark.parametrize("poison", ["a0", "b2+"])
def test_what_kills_every_worker_is_given_up_and_everything_else_made(poison: str) -> None:
    left, made, given_up, deaths = queue("aabb"), set(), [], 0
    while left.unfinished:
        left.hand_out(["one", "two"])
        for worker, slice in [(worker, held[0]) for worker, held in left.held.items() if held]:
            if poison in slice.open:
                given_up += left.died(worker)
                deaths += 1
            else:
                made |= slice.open.keys()
                left.end(worker, slice)
    assert (len(made), len(given_up), deaths) == (7, 1, RETRIES + 1)


def test_slices_are_whole_batches_in_the_order_of_the_pack(tmp_path: Any) -> None:
    (tmp_path / "pack.yaml").write_text(
        "pack: p\nassets: {'a_{n}': {preset: painted_concept, prompt: x, matrix: {n: [1, 2, 3, 4, 5, 6, 7, 8, 9]}}}\n"
    )
    tries = [Attempt(recipe, 0) for recipe in resolve_pack(load_pack(tmp_path))]
    assert [len(each.open) for each in cut(tries, 1)] == [4, 4, 1]
    assert [name for each in cut(tries, 2) for name in each.open] == [each.recipe.name for each in tries]
