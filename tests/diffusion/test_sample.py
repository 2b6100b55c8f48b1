"""Sampling with tiny models with random weights: what an image depends on, and what it does not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assetgen.diffusion.sampling.batches import sample
from assetgen.errors import InputError
from assetgen.events import Event, Loading, Sampling
from assetgen.images import Array, color_image
from assetgen.pack.schema import ModelCard
from assetgen.parts import Context, Control, SourceJob
from assetgen.pixels.image_files import encode_png

pytestmark = pytest.mark.model
Make = Callable[..., SourceJob]
BOTH = pytest.mark.parametrize("family", ["tiny", "tiny_xl"])


@pytest.fixture
def card(request: pytest.FixtureRequest, family: str) -> ModelCard:
    found: ModelCard = request.getfixturevalue(family)
    return found


def sample_all(*jobs: SourceJob) -> list[Array]:
    return [images["color"].astype(int) for images in sample(jobs)]


def sample_one(job: SourceJob) -> Array:
    return sample_all(job)[0]


def noise_image(folder: Path, name: str, width: int = 32) -> Path:
    pixels = np.random.default_rng(len(name)).integers(0, 256, (32, width, 3)).astype(np.uint8)
    (folder / name).write_bytes(encode_png(pixels))
    return folder / name


def controlled(kind: str, value: int, **settings: float) -> Context:
    ramp = np.linspace(0, value, 32 * 32 * 3).reshape(32, 32, 3).astype(np.uint8)
    return Context(asset="it", controls=(Control(kind, color_image(ramp), **settings),))


@BOTH
def test_an_image_does_not_depend_on_its_batch_or_slot(card: ModelCard, job: Make) -> None:
    jobs = [job(card, prompt=prompt, seed=len(prompt), guidance=3 + len(prompt)) for prompt in ("a", "b c", "dog")]
    forward, backward = sample_all(*jobs, job(card, prompt="last")), sample_all(*jobs[::-1])
    differences = [np.abs(one - other).max() for one, other in zip(forward[:3], backward[::-1], strict=True)]
    assert max(differences) <= 1
    assert np.abs(sample_one(jobs[2]) - forward[2]).max() <= 1


@BOTH
def test_seed_prompt_negative_prompt_and_guidance_each_change_the_image(card: ModelCard, job: Make) -> None:
    changes: list[dict[str, Any]] = [{}, {"seed": 1}, {"prompt": "a dog"}, {"negative": "fog"}, {"guidance": 9.0}]
    images = sample_all(*(job(card, **change) for change in changes))
    assert all(np.abs(one - images[0]).max() > 1 for one in images[1:])
    assert images[0].shape == (32, 32, 3)


def test_images_have_sizes_between_whole_latents(tiny: ModelCard, job: Make) -> None:
    [images] = sample([job(tiny, size=(37, 22))])
    assert images.size == (37, 22)
    assert images.meta.tiles == ""


def test_tiling_is_off_again_after_a_seamless_image(tiny: ModelCard, job: Make) -> None:
    before = sample_one(job(tiny))
    seamless = sample_one(job(tiny, tile="xy"))
    assert (sample_one(job(tiny)) == before).all()
    assert np.abs(seamless - before).max() > 1


def test_a_size_that_cannot_tile_is_an_error_with_a_multiple(tiny: ModelCard, job: Make) -> None:
    with pytest.raises(InputError, match=r"36 pixels along x cannot tile.*multiple of 8"):
        sample_all(job(tiny, size=(36, 32), tile="x"))


def test_the_residuals_of_two_controls_are_summed(tiny: ModelCard, job: Make) -> None:
    depth, canny = controlled("depth", 255), controlled("canny", 120)
    both = Context(asset="it", controls=(*depth.controls, *canny.controls))
    assert all(np.abs(sample_one(job(tiny, both)) - sample_one(job(tiny, one))).max() > 1 for one in (depth, canny))


def test_a_control_that_the_model_lacks_is_an_error(tiny: ModelCard, job: Make) -> None:
    with pytest.raises(InputError, match=r"model 'tiny' has no control 'depht'.*Did you mean 'depth'"):
        sample_all(job(tiny, controlled("depht", 1)))


def test_a_mask_needs_an_image(tiny: ModelCard, job: Make, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="`mask` needs an image"):
        sample_all(job(tiny, mask=noise_image(tmp_path, "mask.png")))


def test_an_event_reports_every_step_of_each_batch(tiny: ModelCard, job: Make) -> None:
    events: list[Event] = []
    jobs = [job(tiny, Context(asset=name, emit=events.append), steps=3) for name in "abcdef"]
    sample_all(*jobs)
    steps = [event for event in events if isinstance(event, Sampling)]
    assert [(event.done, event.total) for event in steps] == [(1, 3), (2, 3), (3, 3)] * 2
    assert [event.batch for event in steps[::3]] == [("a", "b", "c", "d"), ("e", "f")]


def test_a_cancel_between_steps_leaves_the_model_usable(tiny: ModelCard, job: Make) -> None:
    events: list[Event] = []

    def cancel(event: Event) -> None:
        events.append(event)
        if isinstance(event, Sampling) and event.done == 2:
            raise KeyboardInterrupt

    before = sample_one(job(tiny))
    with pytest.raises(KeyboardInterrupt):
        sample_all(job(tiny, Context(emit=cancel), tile="xy", steps=5))
    assert sum(isinstance(event, Sampling) for event in events) == 2
    assert (sample_one(job(tiny)) == before).all()


def test_jobs_are_read_one_batch_at_a_time(tiny: ModelCard, job: Make) -> None:
    read: list[int] = []

    def jobs() -> Any:
        for number in range(9):
            read.append(number)
            yield job(tiny, seed=number, steps=1)

    next(sample(jobs()))
    assert len(read) == 4


def test_a_model_is_loaded_once(tiny: ModelCard, tiny_xl: ModelCard, job: Make) -> None:
    events: list[Event] = []
    context = Context(emit=events.append)
    for card in (tiny_xl, tiny, tiny):
        sample_one(job(card, context, steps=1))
    assert [event.model for event in events if isinstance(event, Loading)][-1:] == ["tiny"]
    assert sum(isinstance(event, Loading) and event.model == "tiny" for event in events) <= 1


@pytest.mark.parametrize("name", ["EulerAncestralDiscrete", "HeunDiscrete", "LCM", "DDIM"])
def test_images_of_every_kind_of_scheduler_do_not_depend_on_the_batch(
    tiny: ModelCard, job: Make, name: str, tmp_path: Path
) -> None:
    card = tiny.model_validate({**tiny.model_dump(), "scheduler": {"name": f"{name}Scheduler"}})
    image = noise_image(tmp_path, "given.png")
    arguments = {"steps": 4, "image": image, "strength": 0.5}
    together = sample_all(job(card, seed=1, **arguments), job(card, seed=2, **arguments))
    assert np.abs(sample_one(job(card, seed=2, **arguments)) - together[1]).max() <= 1
