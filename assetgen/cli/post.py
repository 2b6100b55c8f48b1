"""`assetgen post`: run steps on an image file, without a pack."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assetgen.cli.options import DeviceOption
from assetgen.cli.settings import parse_step, run_checked, write_file
from assetgen.errors import InputError

if TYPE_CHECKING:
    from assetgen.images import ImageSet
    from assetgen.pixels.animation_files import AnimationFormat

_MOVING: "dict[str, AnimationFormat]" = {".gif": "gif", ".apng": "apng", ".webp": "webp"}
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

    An image with at most 256 colours and hard alpha is taken for pixel art.
    Material maps are written beside the colour, as OUT_normal.png, OUT_orm.png and so on. An animation is written as a
    sheet with all frames, and OUT.json with their places and durations; as OUT.gif, .apng or .webp it moves.

    \b
    Examples:
      assetgen post cutout trim:padding=1 in.png out.png
      assetgen post pixelate:cell=4,colors=8 photo.jpg sprite.png
      assetgen post idle:frames=6 hero.png hero_idle.png
      assetgen post split_sheet:columns=4 walk.png walk.gif
    """
    from assetgen.images import color_image
    from assetgen.parts import load_part
    from assetgen.pixels.image_files import read_image, seems_pixel_art

    if len(arguments) < _FEWEST:
        raise InputError("post needs a step, an input image and an output image", cure="assetgen post --help")
    *steps, source, output = arguments
    path = Path(output)
    if path.suffix.lower() not in (".png", *_MOVING):
        cure = f"Results are written as PNG, animations also as {', '.join(_MOVING)}"
        raise InputError(f"'{output}' is not a .png file", cure=cure)
    _refuse_input(path, Path(source))
    parsed = [parse_step(step) for step in steps]
    for name, _ in parsed:
        load_part("step", name)
    color = read_image(Path(source))
    images = color_image(color, pixel_art=seems_pixel_art(color))
    for name, settings in parsed:
        images = run_checked("step", name, settings, images=images, device=device)
    files = _files(images, path)
    for written in files:
        _refuse_input(written, Path(source))
    for written, data in files.items():
        write_file(written, data)


def _refuse_input(output: Path, source: Path) -> None:
    """Raise `InputError` where an output would replace the input, also through a link or another spelling."""
    if output.exists() and source.exists() and output.samefile(source):
        raise InputError(f"'{output}' is the input, which post does not replace", cure="Name another output")


def _files(images: "ImageSet", path: Path) -> dict[Path, bytes]:
    from assetgen.exporters.plain import plain
    from assetgen.pixels.animation_files import encode_animation
    from assetgen.pixels.image_files import encode_png

    frames, format = images.meta.frames, _MOVING.get(path.suffix.lower())
    if format and not frames:
        raise InputError(f"'{path}' is for an animation, and the result is a still", cure="Name a .png file")
    if format and frames:
        return {path: encode_animation([each["color"] for each in images.frames], frames.durations, format)}
    if frames:
        return {path.parent / name: data for name, data in plain(images, path.stem).items()}
    return {
        path if channel == "color" else path.with_stem(f"{path.stem}_{channel}"): encode_png(array)
        for channel, array in images.channels.items()
    }
