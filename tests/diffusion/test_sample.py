"""Sampling, on tiny models with random weights: what a picture depends on, and what it does not."""

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


def colors(*jobs: SourceJob) -> list[Array]:
    return [images["color"].astype(int) for images in sample(jobs)]


def alone(job: SourceJob) -> Array:
    return colors(job)[0]


def noisy(folder: Path, name: str, width: int = 32) -> Path:
    pixels = np.random.default_rng(len(name)).integers(0, 256, (32, width, 3)).astype(np.uint8)
    (folder / name).write_bytes(encode_png(pixels))
    return folder / name


def under(kind: str, value: int, **acts: float) -> Context:
    ramp = np.linspace(0, value, 32 * 32 * 3).reshape(32, 32, 3).astype(np.uint8)
    return Context(asset="it", controls=(Control(kind, color_image(ramp), **acts),))


@BOTH
def test_a_picture_is_the_same_whatever_its_neighbours_and_its_place(card: ModelCard, job: Make) -> None:
    jobs = [job(card, prompt=prompt, seed=len(prompt), guidance=3 + len(prompt)) for prompt in ("a", "b c", "dog")]
    there, back = colors(*jobs, job(card, prompt="last")), colors(*jobs[::-1])
    differences = [np.abs(one - other).max() for one, other in zip(there[:3], back[::-1], strict=True)]
    assert max(differences) <= 1
    assert np.abs(alone(jobs[2]) - there[2]).max() <= 1


@BOTH
def test_seed_prompt_negative_and_guidance_each_change_the_picture(card: ModelCard, job: Make) -> None:
    changes: list[dict[str, Any]] = [{}, {"seed": 1}, {"prompt": "a dog"}, {"negative": "fog"}, {"guidance": 9.0}]
    pictures = colors(*(job(card, **change) for change in changes))
    assert all(np.abs(one - pictures[0]).max() > 1 for one in pictures[1:])
    assert pictures[0].shape == (32, 32, 3)


def test_the_first_try_and_the_second_are_equal_bytes(tiny: ModelCard, job: Make) -> None:
    assert (alone(job(tiny, seed=3)) == alone(job(tiny, seed=3))).all()


def test_any_size_is_made_though_latents_are_coarser(tiny: ModelCard, job: Make) -> None:
    [images] = sample([job(tiny, size=(37, 22))])
    assert images.size == (37, 22)
    assert images.meta.tiles == ""


def test_a_long_prompt_is_read_to_its_end(tiny: ModelCard, job: Make) -> None:
    start = "a castle on a hill by the sea"
    one, other = colors(job(tiny, prompt=f"{start} red"), job(tiny, prompt=f"{start} blue with flags"))
    assert np.abs(one - other).max() > 1


def test_without_tile_the_edge_is_an_edge_again(tiny: ModelCard, job: Make) -> None:
    before = alone(job(tiny))
    wrapped = alone(job(tiny, tile="xy"))
    assert (alone(job(tiny)) == before).all()
    assert np.abs(wrapped - before).max() > 1


def test_a_side_that_cannot_wrap_is_refused_with_one_that_can(tiny: ModelCard, job: Make) -> None:
    with pytest.raises(InputError, match=r"36 pixels along x cannot tile.*multiple of 8"):
        colors(job(tiny, size=(36, 32), tile="x"))


@BOTH
def test_inpainting_keeps_the_very_pixels_outside_its_mask(card: ModelCard, job: Make, tmp_path: Path) -> None:
    from assetgen.pixels.image_files import read_image

    white = np.zeros((32, 32, 3), np.uint8)
    white[8:20, 8:20] = 255
    (tmp_path / "mask.png").write_bytes(encode_png(white))
    image = noisy(tmp_path, "given.png")
    made = alone(job(card, image=image, mask=tmp_path / "mask.png", strength=1.0))
    outside = white[..., 0] == 0
    assert (made[outside] == read_image(image)[outside]).all()
    assert np.abs(made - read_image(image))[~outside].mean() > 1


@BOTH
def test_a_control_acts_by_its_picture_its_strength_and_its_share_of_the_steps(card: ModelCard, job: Make) -> None:
    without = alone(job(card))
    contexts = [
        under("depth", 255),
        under("depth", 90),
        under("depth", 255, strength=0.3),
        under("depth", 255, end=0.5),
    ]
    acted = colors(*(job(card, context) for context in contexts))
    assert all(np.abs(one - without).max() > 1 for one in acted)
    assert all(np.abs(one - acted[0]).max() > 1 for one in acted[1:])
    assert (alone(job(card, under("depth", 255, strength=0.0))) == without).all()


def test_two_controls_act_together(tiny: ModelCard, job: Make) -> None:
    depth, canny = under("depth", 255), under("canny", 120)
    both = Context(asset="it", controls=(*depth.controls, *canny.controls))
    assert all(np.abs(alone(job(tiny, both)) - alone(job(tiny, one))).max() > 1 for one in (depth, canny))


def test_a_control_that_the_model_lacks_is_refused(tiny: ModelCard, job: Make) -> None:
    with pytest.raises(InputError, match=r"model 'tiny' has no control 'depht'.*Did you mean 'depth'"):
        colors(job(tiny, under("depht", 1)))


def test_a_mask_needs_an_image(tiny: ModelCard, job: Make, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="`mask` needs an image"):
        colors(job(tiny, mask=noisy(tmp_path, "mask.png")))


def test_news_tells_of_every_step_and_of_the_batch(tiny: ModelCard, job: Make) -> None:
    heard: list[Event] = []
    jobs = [job(tiny, Context(asset=name, emit=heard.append), steps=3) for name in "abcdef"]
    colors(*jobs)
    steps = [event for event in heard if isinstance(event, Sampling)]
    assert [(event.done, event.total) for event in steps] == [(1, 3), (2, 3), (3, 3)] * 2
    assert [event.batch for event in steps[::3]] == [("a", "b", "c", "d"), ("e", "f")]


def test_a_cancel_ends_it_between_two_steps_and_leaves_the_model_usable(tiny: ModelCard, job: Make) -> None:
    heard: list[Event] = []

    def cancel(event: Event) -> None:
        heard.append(event)
        if isinstance(event, Sampling) and event.done == 2:
            raise KeyboardInterrupt

    before = alone(job(tiny))
    with pytest.raises(KeyboardInterrupt):
        colors(job(tiny, Context(emit=cancel), tile="xy", steps=5))
    assert sum(isinstance(event, Sampling) for event in heard) == 2
    assert (alone(job(tiny)) == before).all()


def test_jobs_are_read_a_batch_at_a_time(tiny: ModelCard, job: Make) -> None:
    read: list[int] = []

    def jobs() -> Any:
        for number in range(9):
            read.append(number)
            yield job(tiny, seed=number, steps=1)

    next(sample(jobs()))
    assert len(read) == 4


def test_a_model_is_loaded_once(tiny: ModelCard, tiny_xl: ModelCard, job: Make) -> None:
    heard: list[Event] = []
    context = Context(emit=heard.append)
    for card in (tiny_xl, tiny, tiny):
        alone(job(card, context, steps=1))
    assert [event.model for event in heard if isinstance(event, Loading)][-1:] == ["tiny"]
    assert sum(isinstance(event, Loading) and event.model == "tiny" for event in heard) <= 1


@pytest.mark.parametrize("name", ["EulerAncestralDiscrete", "HeunDiscrete", "LCM", "DDIM"])
def test_every_sort_of_scheduler_gives_pictures_that_no_neighbour_changes(
    tiny: ModelCard, job: Make, name: str, tmp_path: Path
) -> None:
    card = tiny.model_validate({**tiny.model_dump(), "scheduler": {"name": f"{name}Scheduler"}})
    image = noisy(tmp_path, "given.png")
    words = {"steps": 4, "image": image, "strength": 0.5}
    together = colors(job(card, seed=1, **words), job(card, seed=2, **words))
    assert np.abs(alone(job(card, seed=2, **words)) - together[1]).max() <= 1
