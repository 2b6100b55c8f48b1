"""Images for any engine: PNG files, and for an atlas, an animation or a tileset the JSON that describes them."""

import json
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Literal

from assetgen.exporters._channels import texture_files, texture_name, tileset_of
from assetgen.exporters._css import border_image, cursor
from assetgen.exporters._texture_packer import region_json, sheet_json
from assetgen.images import ImageSet
from assetgen.parts import Files, Use, gained, part
from assetgen.pixels.sheets import on_sheet
from assetgen.pixels.texture_files import Textures


@gained("textures", "trim_mode", "loader")
@part(version=1, contact_sheet=True, shared=("assetgen_phaser.ts", "assetgen_pixi.ts"))
def plain(
    images: ImageSet,
    name: str,
    *,
    use: Use = "sprite",
    textures: Textures[Literal["png", "webp", "avif", "ktx2"]] | None = None,
    trim_mode: Literal["polygon"] | None = None,
    loader: Literal["phaser", "pixi"] | None = None,
) -> Files:
    """Write `NAME.png`, `NAME_CHANNEL.png` for every other channel, and `NAME.json` for atlas, animation and tileset.

    The JSON of an atlas is TexturePacker's "JSON (Hash)" (https://www.codeandweb.com/texturepacker/documentation):
    frames by member name, y downwards, pivots as fractions of the untrimmed image, also as `anchor` for Pixi. Further
    pages of an atlas have a JSON file each, listed in `related_multi_packs` of the others. The frames of an animation
    that is a member have its times. The frames of an animation lie in rows on one sheet, named by their number, with
    `duration` in milliseconds and `meta.frameTags` as in the JSON of Aseprite, which Phaser's `load.aseprite` and
    `createFromAseprite` read, and `animations` as Pixi reads them. A tileset's JSON has `image` and the fields of
    `assetgen.pixels.tilesets.Tileset`: terrains have numbers from 0 (-1: none); tiles are in rows from the top left,
    with `corners` from the top left and `sides` from the top, both clockwise, `probability`, and `collision` polygons
    in pixels. An image with nine-slice margins has a JSON file with `borders`, as Pixi reads them, and `NAME.css` with
    a `border-image`. A cursor has both with its pivot and hotspot. The files are the same for every other `use`.

    - `textures`: the file format; PNG by default. WebP is lossless without a `quality`, which is for colours only.
      AVIF (`quality` 80 by default) and KTX2 (UASTC; needs the program `basisu`) are not for pixel art. Channels that a
      format cannot hold stay PNG: height and depth, with AVIF all that are no colours. Only PNG has metadata.
    - `trim_mode`: `polygon` adds to the JSON a mesh around what each frame shows (`vertices`, `verticesUV`,
      `triangles`), which has fewer transparent pixels: `frame.customData` in Phaser, `sheet.data.frames` in Pixi.
    - `loader`: adds `assetgen_phaser.ts` (Phaser 3.80 and later) or `assetgen_pixi.ts` (PixiJS 8) for all assets of
      the target: types of the JSON, and functions that load sheets, animations, nine-slice images and tilesets.

    Example:
        export: {plain: {textures: {format: webp, quality: 90}}}
    """
    frames = images.meta.frames
    images = on_sheet(images) if frames else images
    data = texture_files(images, textures, use)
    files = {texture_name(name, channel, textures): each for channel, each in data.items()}
    if images.meta.regions is not None:
        files |= sheet_json(images, name, frames, textures, polygons=trim_mode == "polygon")
    if tileset := tileset_of(images):
        document = {"image": PurePosixPath(texture_name(name, "color", textures)).name, **asdict(tileset)}
        files[f"{name}.json"] = (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
    elif images.meta.borders is not None or use == "cursor":
        files |= region_json(images, name, textures)
        files[f"{name}.css"] = (
            cursor(images, name, textures) if use == "cursor" else border_image(images, name, textures)
        )
    return files | _loader(loader) if loader else files


def _loader(engine: str) -> dict[str, bytes]:
    parts = [Path(__file__).parent / "_loaders" / f"{each}.ts" for each in (engine, "types")]
    return {f"assetgen_{engine}.ts": b"".join(each.read_bytes() for each in parts)}
