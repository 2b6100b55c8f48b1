"""A mesh and its camera: what the controls `depth` and `normal` share."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from assetgen.controls._camera import Camera, Orbit, camera_from_gltf
from assetgen.controls._fit import ControlSize
from assetgen.controls._gltf import walk
from assetgen.controls._mesh import Mesh
from assetgen.errors import InputError

Azimuth = Annotated[float, Field(ge=-360, le=360)]
Elevation = Annotated[float, Field(ge=-90, le=90)]
Fov = Annotated[float, Field(ge=1, le=150)]
Zoom = Annotated[float, Field(ge=0.01, le=100)]
Distance = Annotated[float, Field(gt=0, le=1000)]
Projection = Literal["perspective", "orthographic"]
CameraSource = Literal["orbit", "file"]

_GROUND_REACH = 2.5  # of the distance to the model: far ground gets a grey near 15 of 255, as in training
_NEAR_SHARE = 1e-3  # of the model's radius: the clipping depth


@dataclass(frozen=True)
class Shot:
    """A mesh and its camera."""

    mesh: Mesh
    camera: Camera

    @property
    def near(self) -> float:
        """Clipping depth."""
        return _NEAR_SHARE * self.mesh.radius

    @property
    def reach(self) -> float:
        """Depth at which the ground plane ends."""
        return _GROUND_REACH * max(self.camera.distance_to(self.mesh.centre), self.mesh.radius)


def make_shot(mesh: Mesh, orbit: Orbit | None, size: ControlSize) -> Shot:
    """The mesh with an orbit camera, or for None with the first camera of its glTF file."""
    return Shot(mesh, orbit.around(mesh.centre, mesh.radius, size) if orbit else _file_camera(mesh, size))


def not_visible() -> InputError:
    """The error for a mesh outside the camera's view."""
    return InputError("no part of the mesh is in view", cure="Change azimuth, lower zoom or leave out distance")


def _file_camera(mesh: Mesh, size: ControlSize) -> Camera:
    """The first camera of a glTF file."""
    found = next(((node["camera"], matrix) for node, matrix in walk(mesh.tree) if "camera" in node), None)
    if found is None:
        raise InputError("the file has no camera", cure="Use 'camera: orbit', or export a .glb with its camera")
    index, matrix = found
    try:
        return camera_from_gltf(mesh.tree["cameras"][index], matrix, size)
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise InputError("the file's camera is damaged", cure="Use 'camera: orbit'") from error
