/** Loads what assetgen's exporter `plain` writes into PixiJS 8. Written by assetgen: changes are replaced. */
import { AnimatedSprite, Assets, NineSliceSprite, Rectangle, Sprite, Spritesheet, Texture } from "pixi.js";

/** The sheet of an atlas, an animation or an image with borders, from the URL of its JSON file. */
export function loadSheet(url: string): Promise<Spritesheet<SheetData>> {
  return Assets.load<Spritesheet<SheetData>>(url);
}

/** A sprite of one frame of any page, by default the first, with its anchor. */
export function sprite(sheet: Spritesheet<SheetData>, frame?: string): Sprite {
  return new Sprite(texture(sheet, frame));
}

/** A playing animation of any page, by default the first, with its anchors, durations and loop. */
export function animation(sheet: Spritesheet<SheetData>, name?: string): AnimatedSprite {
  const page = pages(sheet).find(({ data }) => name === undefined ? data.animations : data.animations?.[name]);
  const found = name ?? Object.keys(page?.data.animations ?? {})[0];
  if (!page || found === undefined) throw new Error(`${sheet.data.meta.image} has no animation ${name ?? ""}`);
  const frames = (page.data.animations?.[found] ?? []).map((frame) => ({
    texture: texture(page, frame),
    time: page.data.frames[frame]?.duration ?? 100,
  }));
  const playing = new AnimatedSprite({ textures: frames, updateAnchor: true, loop: loops(page.data, found) });
  playing.play();
  return playing;
}

/** An image of any size, whose borders keep theirs. */
export function nineSlice(sheet: Spritesheet<SheetData>, width: number, height: number, frame?: string): NineSliceSprite {
  return new NineSliceSprite({ texture: texture(sheet, frame), width, height });
}

/** A tileset and the texture of each of its tiles, from the URL of its JSON file. */
export async function loadTileset(url: string): Promise<{ data: TilesetData; tiles: Texture[] }> {
  const data = await Assets.load<TilesetData>(url);
  const { source } = await Assets.load<Texture>(url.slice(0, url.lastIndexOf("/") + 1) + data.image);
  const [width, height] = data.tile_size;
  const tiles = data.tiles.map((_, index) => {
    const [column, row] = [index % data.columns, Math.floor(index / data.columns)];
    return new Texture({ source, frame: new Rectangle(column * width, row * height, width, height) });
  });
  return { data, tiles };
}

function pages(sheet: Spritesheet<SheetData>): Spritesheet<SheetData>[] {
  return [sheet, ...sheet.linkedSheets];
}

function texture(sheet: Spritesheet<SheetData>, frame = Object.keys(sheet.data.frames)[0] ?? ""): Texture {
  const found = pages(sheet).map(({ textures }) => textures[frame]).find((each) => each);
  if (!found) throw new Error(`${sheet.data.meta.image} has no frame ${frame}`);
  return found;
}
