"""The source `sequence` with a tiny model: a frame for each image of a control, or for each entry of `frames`."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from assetgen.errors import InputError
from assetgen.images import Array, Frames, Tag, color_image
from assetgen.images import sequence as stacked
from assetgen.pack.facts import Sheet
from assetgen.pack.schema import ModelCard
from assetgen.parts import Context, Control, SourceJob
from assetgen.sources.diffusion import diffusion
from assetgen.sources.sequence import _sample, sequence

pytestmark = pytest.mark.model
SMALL: Mapping[str, Any] = {"prompt": "a cat", "seed": 3, "size": (32, 32), "steps": 2}
TIMES = Frames((40, 60), (Tag("turn", 0, 1),), ("from the left", "from behind"))


def ramp(tone: int) -> Array:
    return np.linspace(0, tone, 32 * 32 * 3).reshape(32, 32, 3).astype(np.uint8)


def drawn(*tones: int, timing: Frames = TIMES) -> Context:
    """A depth control with a frame for each of these tones."""
    return Context(controls=(Control("depth", stacked([color_image(ramp(tone)) for tone in tones], timing)),))


def test_each_frame_is_the_image_that_diffusion_samples(tiny: ModelCard) -> None:
    made = sequence(drawn(90, 255), model=tiny, **SMALL)
    still = Context(controls=(Control("depth", color_image(ramp(255))),))
    alone = diffusion(still, model=tiny, **{**SMALL, "prompt": "a cat, from behind"})["color"]
    assert np.abs(made.frames[1]["color"].astype(int) - alone).max() <= 1


def test_the_control_sets_times_and_animations(tiny: ModelCard) -> None:
    made = sequence(drawn(90, 255), model=tiny, **SMALL)
    assert made.meta.frames == Frames((40, 60), (Tag("turn", 0, 1),))


def test_words_alone_make_one_frame_each(tiny: ModelCard) -> None:
    made = sequence(Context(), model=tiny, frames=("standing", "lying", "standing"), duration=50, **SMALL)
    assert made.meta.frames == Frames((50,) * 3, (Tag("default", 0, 2),))
    assert not np.array_equal(made.frames[0]["color"], made.frames[1]["color"])
    assert np.abs(made.frames[0]["color"].astype(int) - made.frames[2]["color"]).max() <= 1


def test_sequences_of_different_lengths_are_sampled_together(tiny: ModelCard) -> None:
    jobs = [SourceJob(Context(), {**SMALL, "model": tiny, "duration": 9, "frames": words}) for words in ("ab", "c")]
    defaults = {"negative": None, "image": None, "guidance": None, "strength": 0.6, "loras": ()}
    made = list(_sample(SourceJob(each.context, {**defaults, **each.arguments}) for each in jobs))
    assert [len(images.frames) for images in made] == [2, 1]


def test_a_model_with_a_sheet_draws_all_frames_in_one_picture(tiny: ModelCard) -> None:
    sheet = Sheet(rows=2, columns=4, names=("left", "right"))
    card = tiny.model_copy(update={"sheet": sheet})
    made = sequence(Context(), model=card, duration=50, **SMALL)
    picture = diffusion(Context(), model=card, **SMALL)["color"]
    assert made.meta.frames == Frames((50,) * 8, (Tag("left", 0, 3), Tag("right", 4, 7)))
    assert np.abs(made.frames[5]["color"].astype(int) - picture[16:, 8:16]).max() <= 1


def test_frames_that_are_given_win_over_a_sheet(tiny: ModelCard) -> None:
    card = tiny.model_copy(update={"sheet": Sheet(rows=2, columns=4)})
    assert len(sequence(drawn(90, 255), model=card, **SMALL).frames) == 2


def test_controls_and_words_of_different_numbers_are_refused(tiny: ModelCard) -> None:
    with pytest.raises(InputError, match=r"differ in the number of frames \(2 and 3\)"):
        sequence(drawn(90, 255), model=tiny, frames=("a", "b", "c"), **SMALL)


def test_a_sequence_without_frames_is_refused(tiny: ModelCard) -> None:
    with pytest.raises(InputError, match="nothing sets the frames"):
        sequence(Context(), model=tiny, **SMALL)


def test_a_control_with_frames_is_refused_for_a_single_image(tiny: ModelCard) -> None:
    with pytest.raises(InputError, match="draws 2 frames for a source that samples one image"):
        diffusion(drawn(90, 255), model=tiny, **SMALL)


def test_a_model_that_can_follow_no_pose_is_refused(tiny: ModelCard) -> None:
    poses = Context(controls=(Control("openpose", drawn(90, 255).controls[0].images),))
    with pytest.raises(InputError, match="has no control 'openpose'"):
        sequence(poses, model=tiny, **SMALL)


@pytest.fixture
def klein(tiny_of: Callable[[str], ModelCard]) -> ModelCard:
    """A model that takes references and has no pose control."""
    return tiny_of("flux2")


def test_words_replace_poses_for_a_model_with_references(klein: ModelCard) -> None:
    poses = Context(controls=(Control("openpose", drawn(90, 255).controls[0].images),))
    card = klein.model_copy(update={"references": 4})
    made = sequence(poses, model=card, **SMALL)
    words = sequence(Context(), model=card, frames=TIMES.captions, **SMALL)
    assert np.array_equal(made["color"], words["color"])
