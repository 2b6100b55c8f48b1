"""Check that an image shows what its prompt names."""

from typing import Annotated

import numpy as np
from pydantic import Field

from assetgen.checks._likeness import likeness
from assetgen.images import ImageSet
from assetgen.parts import Verdict, part

_UNKNOWN = 0.5
"""The score where no word of the prompt is known."""


@part(version=1, ranks=True)
def prompt_match(
    images: ImageSet,
    *,
    prompt: str = "",
    limit: Annotated[float, Field(ge=0, le=1)] = 1.0,
) -> Verdict:
    """Rate how well the image fits its prompt, so that `best_of` can choose; fail it where its score is over `limit`.

    Two small encoders compare the image, at 32 × 32 pixels, with the prompt and with 256 captions of other things. They
    know common things, materials and colours of games, no details and no proper names.

    - `prompt`: the asset's own prompt.
    - `limit`: the largest allowed score.

    The score is the share of the other captions that fit better: 0 is best. They are of sprites, textures and scenes:
    a sprite of another thing scores about 0.3.

    Example:
        - prompt_match: {limit: 0.3}
    """
    encoders = likeness()
    words = encoders.of_words(prompt)
    if words is None:
        return Verdict(_UNKNOWN, True, "no word of the prompt is known", quality=_UNKNOWN)
    picture = encoders.of_picture(images["color"])
    fit, others = float(picture @ words), encoders.others @ picture
    score = round(float((others > fit).mean()), 3)
    distance = (fit - float(others.mean())) / max(float(others.std()), 1e-6)
    quality = round(float(1 / (1 + np.exp(-distance))), 4)
    return Verdict(score, score <= limit, f"{score:.0%} of other captions fit it better than '{prompt}'", quality)
