"""The order of tasks, and how tasks of dead workers are repeated; without processes."""

from pathlib import Path
from typing import Any

import pytest

from assetgen.build.attempts import Attempt
from assetgen.pack.library import load_pack
from assetgen.pack.resolve import resolve_pack
from assetgen.runners.tasks import RETRIES, Task, next_task, split_into_tasks


def tasks(models: str) -> list[Task]:
    """A task for each letter, of two attempts, whose model is the letter: `"aab"`."""
    return [Task(model, {f"{model}{n}": Any, f"{model}{n}+": Any}) for n, model in enumerate(models)]  # type: ignore[dict-item]


def loads(models: str, workers: int) -> list[str]:
    """The models that each worker loads, in order, if all workers are equally fast."""
    waiting, found = tasks(models), [""] * workers
    while waiting:
        before = len(waiting)
        for index, loaded in enumerate(found):
            others = [other[-1:] or None for other in (*found[:index], *found[index + 1 :])]
            if task := next_task(waiting, [], loaded[-1:] or None, others):
                waiting.remove(task)
                found[index] += "" if loaded.endswith(task.model) else task.model
        assert len(waiting) < before
    return found


@pytest.mark.parametrize(
    ("models", "workers", "loaded"),
    [("abababab", 2, ["a", "b"]), ("abcabcabc", 1, ["abc"]), ("a" + "b" * 20, 3, ["b", "b", "ba"])],
)
def test_a_worker_keeps_its_model_while_there_are_tasks_for_it(models: str, workers: int, loaded: list[str]) -> None:
    assert sorted(loads(models, workers)) == sorted(loaded)


def test_the_last_tasks_of_a_model_are_left_to_the_worker_that_has_it() -> None:
    assert next_task(tasks("b"), [], "a", ["b", "b"]) is None
    assert next_task(tasks("bb"), [], "a", ["b", "b"]) is not None


def test_a_task_whose_worker_died_runs_alone() -> None:
    [suspect] = tasks("a")
    assert suspect.retry("a") == [suspect]
    [healthy] = tasks("a")
    assert next_task([healthy, suspect], [], "a", []) is suspect
    assert next_task([healthy], [suspect], "a", []) is None
    assert next_task([suspect, healthy], [healthy], "a", []) is healthy


def test_an_attempt_that_kills_every_worker_fails_and_all_others_are_made() -> None:
    waiting, made, given_up, deaths = tasks("aabb"), set(), set(), 0
    while waiting:
        task = next_task(waiting, [], None, [])
        assert task
        waiting.remove(task)
        if "b2+" in task.attempts:
            deaths += 1
            again = task.retry("a")
            waiting += again
            given_up |= set() if again else task.attempts.keys()
        else:
            made |= task.attempts.keys()
    assert (len(made), given_up, deaths) == (7, {"b2+"}, RETRIES + 1)


def test_tasks_are_whole_batches_in_the_order_of_the_pack(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text(
        "pack: p\nassets: {'a_{n}': {preset: painted_concept, prompt: x, matrix: {n: [1, 2, 3, 4, 5, 6, 7, 8, 9]}}}\n"
    )
    attempts = [Attempt(recipe, 0) for recipe in resolve_pack(load_pack(tmp_path))]
    assert [len(task.attempts) for task in split_into_tasks(attempts, 1)] == [4, 4, 1]
    assert [name for task in split_into_tasks(attempts, 2) for name in task.attempts] == [
        attempt.recipe.name for attempt in attempts
    ]
