"""`index.html` in a target: a page with every published picture, for engines without an editor.

The page has no script, and nothing in it depends on time or place: it is written anew only where the manifest changes.
Its last line holds the digest of the rest, so that a page that was edited, or is another program's, is recognised.
"""

import hashlib
import html
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from assetgen.build.manifest import ManifestEntry
from assetgen.errors import counted
from assetgen.files import read_limited

PAGE = "index.html"
_SHOWN = (".png", ".webp", ".avif", ".gif", ".apng")
_PIXEL_ART = 128
"""Pictures of at most so many pixels a side are enlarged with hard edges."""
_PNG_HEADER = 24  # bytes: signature, length and type of IHDR, width, height
_MAX_BYTES = 512_000_000
_SEAL = "<!-- sha256 of the lines above: {} -->\n"
_STYLE = """
:root { color-scheme: dark; --back: #1a1a1b; --panel: #232324; --line: #3d3d40; --text: #ececec; --dim: #b0b0b4; }
@media (prefers-color-scheme: light) {
  :root { color-scheme: light; --back: #ededee; --panel: #fafafa; --line: #d2d2d5; --text: #1f1f21; --dim: #58585d; }
}
body { margin: 24px; background: var(--back); color: var(--text); font: 14px/1.5 system-ui, sans-serif; }
h1 { font-size: 18px; } h2 { font-size: 15px; margin: 0; overflow-wrap: anywhere; } p { margin: 2px 0 0; }
small, figcaption, p { color: var(--dim); }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 12px; }
section { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; }
.wide { grid-column: 1 / -1; }
.files { display: flex; flex-wrap: wrap; gap: 12px; margin-top: 10px; }
figure { margin: 0; max-width: 100%; } figcaption { font-size: 12px; overflow-wrap: anywhere; }
img { display: block; height: 128px; max-width: 100%; object-fit: contain; object-position: left; }
.pixels { image-rendering: pixelated; }
a { color: inherit; }
"""


def contact_sheet(root: Path, pack: str, assets: Mapping[str, ManifestEntry]) -> bytes:
    """The page for the published files of these assets in the folder `root`."""
    sections = "".join(_section(root, name, entry) for name, entry in sorted(assets.items()))
    title = f"{html.escape(pack)} <small>{counted(len(assets), 'asset')}</small>"
    page = (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{html.escape(pack)}</title>\n'
        f"<style>{_STYLE}</style>\n<h1>{title}</h1>\n<main>\n{sections}</main>\n</html>\n"
    )
    return sealed(page.encode("utf-8", "replace"))


def sealed(page: bytes) -> bytes:
    """A page with the digest of its lines as the last one."""
    return page + _SEAL.format(hashlib.sha256(page).hexdigest()).encode()


def is_ours(file: Path) -> bool:
    """Whether a file is an unedited contact sheet."""
    if file.is_symlink() or not file.is_file():
        return False
    data = read_limited(file, _MAX_BYTES)
    return sealed(data[: -len(sealed(b""))]) == data


def _section(root: Path, name: str, entry: ManifestEntry) -> str:
    """One asset: its name, preset and prompt, its pictures, and links to its other files."""
    own = [path for path in entry.files if path not in entry.shared]
    pictures = [path for path in own if path.endswith(_SHOWN)]
    figures = "".join(_figure(root, path) for path in pictures)
    links = " ".join(f'<a href="{_url(path)}">{html.escape(_file(path))}</a>' for path in own if path not in pictures)
    prompt = f"<p>{html.escape(str(entry.facts['prompt']))}</p>" if entry.facts.get("prompt") else ""
    preset = html.escape(str(entry.facts.get("preset", "")))
    wide = ' class="wide"' if len(pictures) > 1 else ""
    return (
        f"<section{wide}><h2>{html.escape(name)} <small>{preset}</small></h2>{prompt}"
        f'<div class="files">{figures}</div>{f"<p>{links}</p>" if links else ""}</section>\n'
    )


def _figure(root: Path, path: str) -> str:
    small = ' class="pixels"' if 0 < max(_png_size(root / path)) <= _PIXEL_ART else ""
    caption = html.escape(_file(path))
    return f'<figure><img src="{_url(path)}" alt="{caption}"{small}><figcaption>{caption}</figcaption></figure>'


def _png_size(file: Path) -> tuple[int, int]:
    """Width and height of a PNG; 0, 0 of other files."""
    try:
        with file.open("rb") as stream:
            header = stream.read(_PNG_HEADER)
    except OSError:
        return 0, 0
    if file.suffix != ".png" or len(header) < _PNG_HEADER:
        return 0, 0
    return int.from_bytes(header[16:20]), int.from_bytes(header[20:24])


def _file(path: str) -> str:
    return PurePosixPath(path).name


def _url(path: str) -> str:
    """A relative address: `./` keeps a colon in a name from being a scheme."""
    return f"./{quote(path)}"
