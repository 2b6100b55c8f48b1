"""MediaPipe Face Mesh: the faces in a picture as coloured lines."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from assetgen.controls._detector import View, module_of
from assetgen.controls._fit import Fit, Size
from assetgen.errors import NotInstalledError
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

CURE = 'pip install --no-deps "mediapipe<0.10.22" "protobuf<5" absl-py flatbuffers matplotlib'
LICENCE = "https://github.com/google-ai-edge/mediapipe/blob/master/LICENSE"


@part(version=1, detector=Detector("mediapipe_face", "Apache-2.0", LICENCE))
def mediapipe_face(
    _device: str = "auto",
    *,
    image: InputFile,
    size: Size = (512, 512),
    faces: Annotated[int, Field(ge=1, le=20)] = 1,
    confidence: Annotated[float, Field(ge=0, le=1)] = 0.5,
    fit: Fit = "cover",
) -> ImageSet:
    """Condition on up to so many faces of a picture (Kartynnik and others, 2019); its weights are in the package.

    It runs on the processor, whatever device is asked for.
    """
    _check_installed()
    view = View(image, size, fit)
    return view.drawn(np.asarray(module_of("mediapipe_face").generate_annotation(view.scaled(), faces, confidence)))


def _check_installed() -> None:
    """Its newer versions lack the face mesh that is drawn here."""
    spec = find_spec("mediapipe")
    folders = spec.submodule_search_locations if spec else None
    if not any((Path(folder) / "python/solutions").is_dir() for folder in folders or ()):
        raise NotInstalledError("this control needs mediapipe, a version with its face mesh", cure=CURE)
