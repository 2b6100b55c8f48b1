"""The finished images of another asset, for the steps that follow."""

from assetgen.errors import InputError
from assetgen.images import ImageSet
from assetgen.parts import Context, part


@part(version=1, members=True)
def member(context: Context) -> ImageSet:
    """Use the finished images of the asset that `members` names, unchanged.

    Example:
        hero_idle: {preset: idle, members: [hero]}
    """
    if len(context.members) != 1:
        raise InputError(f"it has {len(context.members)} members, not one", cure="Name one asset: `members: [hero]`")
    return next(iter(context.members.values()))
