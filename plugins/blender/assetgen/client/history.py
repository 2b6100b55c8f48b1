"""Earlier prompts, newest first, stored in a small file."""

import json
from collections.abc import Sequence
from pathlib import Path

MOST = 50


def read_history(path: Path) -> list[str]:
    """The prompts; empty if the file is missing or damaged."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [prompt for prompt in data if isinstance(prompt, str)] if isinstance(data, list) else []


def remember(path: Path, prompt: str) -> Sequence[str]:
    """Add a prompt at the front; the file is replaced atomically."""
    prompt = prompt.strip()
    prompts = [prompt, *(each for each in read_history(path) if each != prompt)][:MOST] if prompt else []
    if prompts:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(prompts, ensure_ascii=False, indent=1), encoding="utf-8")
        part.replace(path)
    return prompts
