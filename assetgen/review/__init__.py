"""The review page: candidates of every asset side by side, in one file that needs no network.

The page is `page.html` with `page.css` and `page.js` inside, the pictures as data URIs and all facts as JSON. As a file
it collects choices, and the command `assetgen pick` makes them; from `loopback` it makes them itself. Whatever
strangers wrote (prompts, names) reaches the page as text, and its content security policy lets only our script run.
"""

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def page(facts: Mapping[str, Any], *, served: bool = False) -> bytes:
    """The page of a pack. Only a served one may connect, and only to where it came from."""
    style, script = _read("page.css"), _read("page.js") + (_read("served.js") if served else "")
    filled = {
        "{policy}": policy(style, script, served=served),
        "{title}": html.escape(f"{facts['pack']} · review"),
        "{style}": style,
        "{script}": script,
        "{facts}": json.dumps({**facts, "served": served}, ensure_ascii=False).replace("<", "\\u003c"),
    }
    text = _read("page.html")
    for mark, value in filled.items():
        text = text.replace(mark, value, 1)
    return text.encode("utf-8", "replace")


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def policy(style: str, script: str, *, served: bool) -> str:
    """What the page may load and run: data URIs, its own style and script, and nothing else."""
    connect = "; connect-src 'self'" if served else ""
    ours = f"style-src '{_sha(style)}'; script-src '{_sha(script)}'"
    return f"default-src 'none'; img-src data:; {ours}; base-uri 'none'; form-action 'none'{connect}"


def _sha(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
