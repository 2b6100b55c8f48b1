
/** The JSON of an atlas, an animation, or an image with nine-slice borders or a hotspot. */
export interface SheetData {
  frames: Record<string, FrameData>;
  /** The frames of each animation whose frames are all on this page, in order. */
  animations?: Record<string, string[]>;
  meta: {
    image: string;
    format: string;
    scale: string;
    size: { w: number; h: number };
    frameTags?: TagData[];
    /** The JSON files of the other pages. */
    related_multi_packs?: string[];
  };
}

export interface FrameData {
  frame: { x: number; y: number; w: number; h: number };
  trimmed: boolean;
  spriteSourceSize: { x: number; y: number; w: number; h: number };
  sourceSize: { w: number; h: number };
  /** Fractions of the untrimmed image. `anchor` is written where a pivot was chosen. */
  pivot: { x: number; y: number };
  anchor?: { x: number; y: number };
  /** Nine-slice margins in pixels. */
  borders?: { left: number; top: number; right: number; bottom: number };
  /** Milliseconds. */
  duration?: number;
  /** A mesh around the visible pixels: corners in the untrimmed image and in the sheet, and their numbers. */
  vertices?: [number, number][];
  verticesUV?: [number, number][];
  triangles?: [number, number, number][];
}

export interface TagData {
  name: string;
  from: number;
  to: number;
  direction: string;
  /** "1" for an animation that does not loop. */
  repeat?: string;
}

/** The JSON of a tileset. Terrains are numbered from 0; -1 is none. */
export interface TilesetData {
  image: string;
  layout: "dual_grid" | "corner" | "blob" | "rpgmaker_a2" | "platformer";
  shape: "square" | "isometric";
  tile_size: [number, number];
  columns: number;
  terrains: { name: string; color: string }[];
  /** In rows from the top left. */
  tiles: TileData[];
}

export interface TileData {
  terrain: number;
  /** From the top left, clockwise. */
  corners: number[];
  /** From the top, clockwise. */
  sides: number[];
  probability: number;
  /** Polygons in pixels. */
  collision: [number, number][][];
  name: string;
}

function loops(data: SheetData, name: string): boolean {
  return !data.meta.frameTags?.some((tag) => tag.name === name && tag.repeat === "1");
}
