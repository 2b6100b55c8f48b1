"""`assetgen post`: run steps on an image file, without a pack."""

from pathlib import Path
from typing import Annotated

import typer

from assetgen.cli.options import DeviceOption
from assetgen.cli.settings import parse_step, run_checked, write_png
from assetgen.errors import InputError

_FEWEST = 3
"""A step, the input and the output."""


def post(
    arguments: Annotated[
        list[str],
        typer.Argument(metavar="STEP... IN OUT", help="Steps like pixelate:cell=4,colors=8; then two files."),
    ],
    *,
    device: DeviceOption = "auto",
) -> None:
    """Run finishing steps on an image file.

    Material maps are written beside the colour, as OUT_normal.png, OUT_orm.png and so on.

    \b
    Examples:
      assetgen post cutout trim:padding=1 in.png out.png
      assetgen post pixelate:cell=4,colors=8 photo.jpg sprite.png
    """
    from assetgen.images import color_image
    from assetgen.parts import load_part
    from assetgen.pixels.image_files import read_image

    if len(arguments) < _FEWEST:
        raise InputError("post needs a step, an input image and an output image", cure="assetgen post --help")
    *steps, source, output = arguments
    path = Path(output)
    if path.suffix.lower() != ".png":
        raise InputError(f"'{output}' is not a .png file", cure="Results are written as PNG")
    parsed = [parse_step(step) for step in steps]
    for name, _ in parsed:
        load_part("step", name)
    images = color_image(read_image(Path(source)))
    for name, settings in parsed:
        images = run_checked("step", name, settings, images=images, device=device)
    for channel, array in images.channels.items():
        write_png(path if channel == "color" else path.with_stem(f"{path.stem}_{channel}"), array)
