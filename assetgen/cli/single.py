"""`assetgen depth` and `assetgen post`: one part on one file, without a pack."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assetgen.errors import InputError

if TYPE_CHECKING:
    from assetgen.images import ImageSet

WordsOption = Annotated[list[str] | None, typer.Option("--set", help="Another word of the control: fov=30.")]


def depth(
    mesh: Annotated[Path, typer.Argument(help="A glb, gltf, obj, stl or ply file.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The PNG [default: MESH_depth.png].")] = None,
    size: Annotated[str, typer.Option(help="Width and height in pixels.")] = "512x512",
    azimuth: Annotated[float, typer.Option(help="Degrees round the model, to the right.")] = 35.0,
    elevation: Annotated[float, typer.Option(help="Degrees above the horizon.")] = 20.0,
    words: WordsOption = None,
) -> None:
    """Render the depth picture that conditions concept art: near white, 16 bits."""
    from assetgen.cli.settings import parse_words
    from assetgen.pixels.image_files import encode_png
    from assetgen.store.atomic import write_atomically

    if output and output.suffix.lower() != ".png":
        raise InputError(f"'{output}' is not a .png file", cure="Depth is written as PNG")
    arguments = {"mesh": str(mesh), "size": _size(size), "azimuth": azimuth, "elevation": elevation}
    images = _run("control", "depth", {**arguments, **parse_words(words or [])})
    place = output or Path(f"{mesh.stem}_depth.png")
    _save(place, lambda: write_atomically(place, encode_png(images["depth"])))
    typer.echo(place)


def post(
    words: Annotated[
        list[str], typer.Argument(metavar="STEP… IN OUT", help="Steps like pixelate:cell=4,colors=8; then two files.")
    ],
) -> None:
    """Run finishing steps on a picture from anywhere: `assetgen post cutout trim:padding=1 in.png out.png`.

    Material maps beside the colour go to OUT_normal.png, OUT_orm.png and so on.
    """
    from assetgen.cli.settings import parse_step
    from assetgen.images import color_image
    from assetgen.parts import load_part
    from assetgen.pixels.image_files import encode_png, read_image
    from assetgen.store.atomic import write_atomically

    if len(words) < 3:
        raise InputError("post wants at least a step, a picture to read and one to write", cure="assetgen post --help")
    *steps, source, place = words
    if Path(place).suffix.lower() != ".png":
        raise InputError(f"'{place}' is not a .png file", cure="Results are written as PNG")
    named = [parse_step(step) for step in steps]
    for name, _ in named:
        load_part("step", name)
    images = color_image(read_image(Path(source)))
    for name, arguments in named:
        images = _run("step", name, arguments, images)
    for channel, array in images.channels.items():
        file = Path(place) if channel == "color" else Path(place).with_stem(f"{Path(place).stem}_{channel}")
        data = encode_png(array)
        _save(file, lambda file=file, data=data: write_atomically(file, data))
        typer.echo(file)


def _run(kind: Any, name: str, arguments: dict[str, Any], *given: "ImageSet") -> "ImageSet":
    """One part with words from the command line, checked like those of a pack."""
    from pydantic import ValidationError

    from assetgen.build.stages import run_part
    from assetgen.pack.library import library_for
    from assetgen.pack.yaml_files import Document, explain
    from assetgen.parts import load_part

    part = load_part(kind, name)
    if "palette" in part.params.model_fields and isinstance(arguments.get("palette"), str):
        arguments = {**arguments, "palette": library_for(Path()).palette(arguments["palette"], Path())}
    try:
        valid = part.params.model_validate(arguments)
    except ValidationError as error:
        raise explain(error, part.params, Document(name, arguments)) from error
    words = {key: getattr(valid, key) for key in type(valid).model_fields}
    acts = {"strength", "start", "end"} if kind == "control" else set()
    images: ImageSet = run_part(part, name, *given, **{key: value for key, value in words.items() if key not in acts})
    return images


def _save(place: Path, write: Any) -> None:
    try:
        write()
    except OSError as error:
        raise InputError(f"cannot write '{place}' ({error.strerror})", cure="Name another file with -o") from error


def _size(text: str) -> tuple[int, int]:
    across, _, down = text.lower().partition("x")
    if not (across.isdigit() and down.isdigit()):
        raise InputError(f"the size '{text}' is not WIDTHxHEIGHT", cure="Write it like 512x512")
    return int(across), int(down)
