"""Check that an animation starts again without a jump."""

from typing import Annotated

from pydantic import Field

from assetgen.checks._clips import clips, difference
from assetgen.images import ImageSet
from assetgen.parts import Verdict, part


@part(version=1, frames=True)
def loop(images: ImageSet, *, limit: Annotated[float, Field(gt=0, le=100)] = 1.25) -> Verdict:
    """Fail a looping animation that jumps from its last frame to the first.

    - `limit`: the largest allowed score.

    The score is the difference of those two frames, divided by the largest difference of neighbouring frames; lower is
    better. Animations that are played once count as 0.

    Example:
        - loop: {limit: 1}
    """
    worst = Verdict(0.0, True, "nothing loops")
    for clip in clips(images):
        if not clip.tag.loop:
            continue
        largest = max(float(clip.steps.max()), 1e-3)
        score = round(difference(clip.frames[-1], clip.frames[0]) / largest, 4)
        last, first = clip.name(len(clip.frames) - 1), clip.name(0)
        reason = f"'{clip.tag.name}': from {last} to {first} it is {score:.2f} × the largest step (limit {limit:g})"
        worst = max(worst, Verdict(score, score <= limit, reason), key=lambda each: each.score)
    return worst
