"""The review page: the candidates of every asset side by side, in one HTML file that loads nothing.

`page` fills `page.html` with `page.css`, the scripts, the images as data URIs, and the facts (`collect`) as JSON.
Opened as a file, the page collects choices and shows the `assetgen pick` commands for them. Served
(`session`, and `assetgen.server.review_page`), it makes the picks itself. Prompts and names reach the page as text, and
its content security policy runs only our scripts.
"""

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


def page(facts: Mapping[str, Any], *, served: bool = False) -> bytes:
    """The page as UTF-8. A served page may connect to its own server; a file may not connect at all."""
    style, script = _read("page.css"), _read("animation.js") + _read("page.js") + (_read("served.js") if served else "")
    values = {
        "{policy}": _content_security_policy(style, script, served=served),
        "{title}": html.escape(f"{facts['pack']} · review"),
        "{style}": style,
        "{script}": script,
        "{facts}": json.dumps({**facts, "served": served}, ensure_ascii=False).replace("<", "\\u003c"),
    }
    text = _read("page.html")
    for placeholder, value in values.items():
        text = text.replace(placeholder, value, 1)
    return text.encode("utf-8", "replace")


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _content_security_policy(style: str, script: str, *, served: bool) -> str:
    connect = "; connect-src 'self'" if served else ""
    own = f"style-src '{_sha(style)}'; script-src '{_sha(script)}'"
    return f"default-src 'none'; img-src data:; {own}; base-uri 'none'; form-action 'none'{connect}"


def _sha(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
