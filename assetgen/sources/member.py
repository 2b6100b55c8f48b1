"""The finished images of another asset, or a picture, for the steps that follow."""

from assetgen.errors import InputError
from assetgen.images import ImageSet, color_image
from assetgen.parts import Context, InputFile, adds, part
from assetgen.pixels.image_files import read_image, seems_pixel_art


@adds(frames="like member")
@part(version=1, members=True)
def member(context: Context, *, image: InputFile | None = None, pixel_art: bool | None = None) -> ImageSet:
    """Use the finished images of the asset that `members` names, or the picture `image`, unchanged.

    - `image`: a picture file, RGB or RGBA, instead of a member.
    - `pixel_art`: whether one pixel of `image` is one game pixel. By default it is if it has at most 256 colours and no
      half transparent ones.

    Example:
        hero_idle: {preset: idle, members: [hero]}
    """
    given = len(context.members) + (image is not None)
    if given != 1:
        what = f"it has {given} members, not one" if image is None else "it has a picture and members"
        raise InputError(what, cure="Name one asset, `members: [hero]`, or one picture, `member: {image: hero.png}`")
    if image is None:
        return next(iter(context.members.values()))
    color = read_image(image.path)
    return color_image(color, pixel_art=seems_pixel_art(color) if pixel_art is None else pixel_art)
