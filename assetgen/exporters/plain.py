"""Images for any engine: PNG files, and for an atlas or an animation the JSON that most engines and loaders read."""

from assetgen.exporters._channels import png_name, pngs
from assetgen.exporters._frames import on_sheet
from assetgen.exporters._texture_packer import sheet_json
from assetgen.images import ImageSet
from assetgen.parts import Files, Use, part


@part(version=1)
def plain(images: ImageSet, name: str, *, use: Use = "sprite") -> Files:
    """Write `NAME.png`, `NAME_CHANNEL.png` for every other channel, and for an atlas or an animation `NAME.json`.

    The JSON is TexturePacker's "JSON (Hash)" (https://www.codeandweb.com/texturepacker/documentation): frames by member
    name, y downwards, pivots as fractions of the untrimmed image. Further pages of an atlas have a JSON file each,
    listed in `related_multi_packs` of the others. The frames of an animation lie in rows on one sheet, named by their
    number, with `duration` in milliseconds and `meta.frameTags` as in the JSON of Aseprite, and `animations` as
    Pixi reads them. The files are the same for every `use`.

    Example:
        engine: plain
    """
    frames = images.meta.frames
    images = on_sheet(images) if frames else images
    files = {png_name(name, channel): data for channel, data in pngs(images).items()}
    if images.meta.regions is not None:
        files |= sheet_json(images, name, frames)
    return files
