"""The prompts that a person used, the newest first, in a small file that outlives Blender."""

import json
from collections.abc import Sequence
from pathlib import Path

MOST = 50


def read_history(place: Path) -> list[str]:
    """The prompts; none where there is no file, or a damaged one."""
    try:
        said = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [prompt for prompt in said if isinstance(prompt, str)] if isinstance(said, list) else []


def remember(place: Path, prompt: str) -> Sequence[str]:
    """Put a prompt first; the file is whole at all times."""
    prompt = prompt.strip()
    prompts = [prompt, *(each for each in read_history(place) if each != prompt)][:MOST] if prompt else []
    if prompts:
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_suffix(".part")
        part.write_text(json.dumps(prompts, ensure_ascii=False, indent=1), encoding="utf-8")
        part.replace(place)
    return prompts
