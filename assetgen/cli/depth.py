"""`assetgen depth`: render the depth image of a mesh, without a pack."""

from pathlib import Path
from typing import Annotated

import typer

from assetgen.cli.settings import parse_arguments, parse_size, run_checked, write_file
from assetgen.errors import InputError


def depth(
    mesh: Annotated[Path, typer.Argument(help="A glb, gltf, obj, stl or ply file.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The PNG [default: MESH_depth.png].")] = None,
    size: Annotated[str, typer.Option(metavar="WxH", help="Width and height in pixels.")] = "512x512",
    azimuth: Annotated[float, typer.Option(help="Degrees around the model, to the right.")] = 35.0,
    elevation: Annotated[float, typer.Option(help="Degrees above the horizon.")] = 20.0,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Another argument of the control: fov=30. Repeatable.")
    ] = None,
) -> None:
    """Render the depth image of a mesh.

    The image is a PNG of 16 bits a channel, near is white. It conditions concept art.

    \b
    Examples:
      assetgen depth keep.glb
      assetgen depth keep.glb --size 1024x768 --azimuth 120 --set fov=30
    """
    from assetgen.pixels.image_files import encode_png

    if output and output.suffix.lower() != ".png":
        raise InputError(f"'{output}' is not a .png file", cure="Depth is written as PNG")
    arguments = {"mesh": str(mesh), "size": parse_size(size), "azimuth": azimuth, "elevation": elevation}
    images = run_checked("control", "depth", {**arguments, **parse_arguments(settings or [])})
    write_file(output or Path(f"{mesh.stem}_depth.png"), encode_png(images["depth"]))
