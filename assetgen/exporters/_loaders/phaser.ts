/** Loads what assetgen's exporter `plain` writes into Phaser 3.80 and later. Written by assetgen: changes are replaced. */
import * as Phaser from "phaser";

/**
 * Load an atlas, an animation or an image with borders from the URL of its JSON file; call it in `preload`.
 *
 * The texture `key` has the frames of all pages with their anchors. Animations are registered as `KEY/NAME`, with
 * durations and loop: `this.add.sprite(x, y, "hero").play("hero/walk")`.
 */
export function loadSheet(scene: Phaser.Scene, key: string, url: string): void {
  const folder = url.slice(0, url.lastIndexOf("/") + 1);
  const pages = [url];
  const load = (page: string): void => {
    scene.load.once(`filecomplete-json-${page}`, (_key: string, _type: string, data: SheetData) => {
      scene.load.image(page, folder + data.meta.image);
      for (const other of page === url ? (data.meta.related_multi_packs ?? []) : []) {
        pages.push(folder + other);
        load(folder + other);
      }
    });
    scene.load.json(page, page);
  };
  load(url);
  scene.load.once(Phaser.Loader.Events.COMPLETE, () => register(scene, key, pages));
}

/** An image of any size, whose borders keep theirs. */
export function nineSlice(
  scene: Phaser.Scene, x: number, y: number, key: string, width: number, height: number, frame?: string,
): Phaser.GameObjects.NineSlice {
  const found = scene.textures.getFrame(key, frame);
  const { left, right, top, bottom } = (found.customData as Partial<FrameData>).borders ?? NO_BORDERS;
  return scene.add.nineslice(x, y, key, found.name, width, height, left, right, top, bottom);
}

/** Load a tileset from the URL of its JSON file, as the sprite sheet `key`; call it in `preload`. */
export function loadTileset(scene: Phaser.Scene, key: string, url: string): void {
  scene.load.once(`filecomplete-json-${key}`, (_key: string, _type: string, data: TilesetData) => {
    const [frameWidth, frameHeight] = data.tile_size;
    scene.load.spritesheet(key, url.slice(0, url.lastIndexOf("/") + 1) + data.image, { frameWidth, frameHeight });
  });
  scene.load.json(key, url);
}

/** The terrains, corners, sides and collision polygons of a loaded tileset. */
export function tileset(scene: Phaser.Scene, key: string): TilesetData {
  return scene.cache.json.get(key) as TilesetData;
}

const NO_BORDERS = { left: 0, right: 0, top: 0, bottom: 0 };

function register(scene: Phaser.Scene, key: string, pages: string[]): void {
  const sheets = pages.map((page) => scene.cache.json.get(page) as SheetData | undefined);
  if (scene.textures.exists(key) || !sheets.every((sheet) => sheet)) return;
  const images = pages.map((page) => scene.textures.get(page).getSourceImage() as HTMLImageElement);
  scene.textures.addAtlasJSONHash(key, images, sheets as SheetData[]);
  pages.forEach((page) => scene.textures.remove(page));
  for (const data of sheets as SheetData[]) {
    for (const [name, names] of Object.entries(data.animations ?? {})) {
      const frames = names.map((frame) => ({ key, frame, duration: data.frames[frame]?.duration ?? 100 }));
      const duration = frames.reduce((sum, frame) => sum + frame.duration, 0);
      scene.anims.create({ key: `${key}/${name}`, frames, duration, repeat: loops(data, name) ? -1 : 0 });
    }
  }
}
