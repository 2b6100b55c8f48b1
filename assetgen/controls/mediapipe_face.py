"""MediaPipe Face Mesh: the faces in an image as coloured lines."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from assetgen.controls import _detector as aux
from assetgen.controls._fit import ControlSize, Fit
from assetgen.errors import NotInstalledError
from assetgen.images import ImageSet
from assetgen.parts import Detector, InputFile, part

_CURE = 'pip install --no-deps "mediapipe<0.10.22" "protobuf<5" absl-py flatbuffers matplotlib'
_LICENCE = "https://github.com/google-ai-edge/mediapipe/blob/master/LICENSE"


@part(version=1, detector=Detector("mediapipe_face", "Apache-2.0", _LICENCE))
def mediapipe_face(
    *,
    image: InputFile,
    size: ControlSize = (512, 512),
    faces: Annotated[int, Field(ge=1, le=20)] = 1,
    confidence: Annotated[float, Field(ge=0, le=1)] = 0.5,
    fit: Fit = "cover",
) -> ImageSet:
    """Condition on the faces in an image as coloured lines (Face Mesh; Kartynnik and others, 2019).

    At most `faces` faces with at least this `confidence` (0 to 1) are drawn. The weights are part of the package
    mediapipe, which always runs on the CPU.

    Example:
        - mediapipe_face: {image: crowd.png, faces: 5}
    """
    _check_installed()
    view = aux.DetectorInput(image, size, fit)
    drawing = aux.load_module("mediapipe_face").generate_annotation(view.read(), faces, confidence)
    return view.control_image(np.asarray(drawing))


def _check_installed() -> None:
    """Raise `NotInstalledError` without mediapipe, or with a newer version, which lacks the face mesh."""
    spec = find_spec("mediapipe")
    folders = spec.submodule_search_locations if spec else None
    if not any((Path(folder) / "python/solutions").is_dir() for folder in folders or ()):
        raise NotInstalledError("this control needs mediapipe, in a version that has the face mesh", cure=_CURE)
