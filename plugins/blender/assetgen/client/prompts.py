"""Earlier prompts, newest first, stored in a small file."""

import json
from collections.abc import Sequence
from pathlib import Path

from .trouble import Trouble

MOST = 50


def read_prompts(path: Path) -> list[str]:
    """The prompts; empty if the file is missing or damaged."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [prompt for prompt in data if isinstance(prompt, str)] if isinstance(data, list) else []


def remember(path: Path, prompt: str) -> Sequence[str]:
    """Add a prompt at the front; the file is replaced atomically. Raises `Trouble` if it cannot be written."""
    prompt = prompt.strip()
    prompts = [prompt, *(each for each in read_prompts(path) if each != prompt)][:MOST] if prompt else []
    try:
        if prompts:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_text(json.dumps(prompts, ensure_ascii=False, indent=1), encoding="utf-8")
            part.replace(path)
    except OSError as error:
        cure = "Free some disk space, or check the permissions; nothing else is affected."
        raise Trouble(f"The prompt is not remembered: {path} cannot be written ({error.strerror}).", cure) from error
    return prompts
