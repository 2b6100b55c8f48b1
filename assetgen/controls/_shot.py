"""A mesh before a camera: the words of the controls that look at meshes, and what they come to."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from assetgen.controls._camera import Camera, Orbit, camera_of
from assetgen.controls._fit import Size
from assetgen.controls._gltf import walk
from assetgen.controls._mesh import Mesh
from assetgen.errors import InputError

Azimuth = Annotated[float, Field(ge=-360, le=360)]
Elevation = Annotated[float, Field(ge=-90, le=90)]
Fov = Annotated[float, Field(ge=1, le=150)]
Zoom = Annotated[float, Field(ge=0.01, le=100)]
Distance = Annotated[float, Field(gt=0, le=1000)]
Projection = Literal["perspective", "orthographic"]
Standing = Literal["orbit", "file"]

GROUND_REACH = 2.5  # of the distance to the model: the far ground comes out near 15 of 255, as it was trained
NEAR_SHARE = 1e-3  # of the model's radius: nothing nearer than this is drawn


@dataclass(frozen=True)
class Shot:
    """A mesh and the camera that sees it."""

    mesh: Mesh
    camera: Camera

    @property
    def near(self) -> float:
        """The least depth that is drawn."""
        return NEAR_SHARE * self.mesh.radius

    @property
    def reach(self) -> float:
        """The depth of the far end of the ground."""
        return GROUND_REACH * max(self.camera.away(self.mesh.centre), self.mesh.radius)


def shot_of(mesh: Mesh, orbit: Orbit | None, size: Size) -> Shot:
    """A mesh before a camera that goes round it, or before the first camera of its own file."""
    return Shot(mesh, orbit.around(mesh.centre, mesh.radius, size) if orbit else _file_camera(mesh, size))


def nothing_seen() -> InputError:
    """The error for a mesh that is out of sight."""
    return InputError("the camera sees nothing of the mesh", cure="Turn it round, lower zoom or leave out distance")


def _file_camera(mesh: Mesh, size: Size) -> Camera:
    """The first camera of a glTF file."""
    found = next(((node["camera"], matrix) for node, matrix in walk(mesh.tree) if "camera" in node), None)
    if found is None:
        raise InputError("the file holds no camera", cure="Use 'camera: orbit', or export a .glb with its camera")
    index, matrix = found
    try:
        return camera_of(mesh.tree["cameras"][index], matrix, size)
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise InputError("the file's camera is damaged", cure="Use 'camera: orbit'") from error
