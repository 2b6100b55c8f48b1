"""Who and what made the art of a pack, from its lock: credits, a bill of the models, and the text for store forms.

The bill is an ML-BOM in CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). The store forms are as of November 2026:
Steam's content survey, reworded in January 2026, and itch.io's "Generative AI disclosure", introduced in November 2024.
"""

import json
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from assetgen import __version__
from assetgen.errors import InputError, counted
from assetgen.pack.library import Library
from assetgen.pack.locations import Hub
from assetgen.pack.lock import Lock, LockEntry
from assetgen.pack.project import Project
from assetgen.pack.schema import ModelCard
from assetgen.parts import load_part, part_names

CREDITS_FILE, DISCLOSURE_FILE, BILL_SUFFIX = "CREDITS.md", "AI_DISCLOSURE.md", ".cdx.json"
WRITTEN_BY = "assetgen credits"
"""In every file, so that files of a person are not replaced."""
_SPDX = frozenset(("Apache-2.0", "MIT"))
"""The identifiers of https://spdx.org/licenses/ that model cards name; other licences are given by their name."""
_NAMESPACE = uuid.UUID("3f3a6a26-6d9d-4f0b-9a9e-2f3f0f6f2b7d")
_KINDS = {
    "sprite": "sprites",
    "pixel_sprite": "pixel art sprites",
    "texture": "textures",
    "pixel_texture": "pixel art textures",
    "material": "materials",
    "sky": "skies",
    "decal": "decals",
    "picture": "pictures",
    "cursor": "cursors",
}
"""Plural nouns for how a game uses an image."""


@dataclass(frozen=True)
class Credited:
    """A model, network, LoRA or detector of a lock. `licence` has its limits; `revision` is a digest or a hub revision;
    `assets` are the names of those made with it."""

    name: str
    licence: str
    revision: str
    licence_url: str
    origin: str
    assets: tuple[str, ...]


def credit_files(project: Project) -> dict[str, bytes]:
    """`CREDITS.md`, `PACK.cdx.json` and `AI_DISCLOSURE.md` by name. Raises `InputError` for a pack without a lock."""
    lock, pack = project.read_lock(), project.pack.pack
    if not lock:
        raise InputError(f"pack '{pack}' has no lock, which records the models", cure="Build it first: assetgen build")
    models = tuple(_credited(lock, project.file.library))
    texts = {
        CREDITS_FILE: _credits(pack, lock, models),
        f"{pack}{BILL_SUFFIX}": json.dumps(_bill(pack, lock, models), indent=2, ensure_ascii=False) + "\n",
        DISCLOSURE_FILE: _disclosure(pack, lock, models),
    }
    return {name: text.encode() for name, text in texts.items()}


def _credited(lock: Lock, library: Library) -> Iterator[Credited]:
    """Everything with a licence or weights, sorted by name."""
    users: dict[str, list[str]] = {}
    for asset, entry in lock.items():
        for name in {**entry.licences, **entry.weights}:
            users.setdefault(name, []).append(asset)
    for name, assets in sorted(users.items()):
        licence = next((lock[each].licences[name] for each in assets if name in lock[each].licences), "")
        revision = next((lock[each].weights[name] for each in assets if name in lock[each].weights), "")
        url, origin = _links(name, licence, revision, library)
        yield Credited(name, licence or "not recorded", revision, url, origin, tuple(sorted(assets)))


def _links(name: str, licence: str, revision: str, library: Library) -> tuple[str, str]:
    """The addresses of a licence and of weights, where today's cards still name what the lock recorded."""
    detector = load_part("control", name).traits.detector if name in part_names("control") else None
    if detector:
        return detector.licence_url, ""
    card: ModelCard | None = None
    with suppress(InputError):
        card = library.card_as_written(name.partition("/")[0])
    if card is None or name != card.model:
        return "", ""
    hub = card.weights if isinstance(card.weights, Hub) and card.weights.revision == revision else None
    origin = f"https://huggingface.co/{hub.hub}/tree/{hub.revision}" if hub else ""
    return card.licence_url if licence.startswith(card.licence) else "", origin


def generated_assets(lock: Lock) -> tuple[str, ...]:
    """The assets whose pixels a model generated, and those that are put together from such assets."""
    done: dict[str, bool] = {}

    def is_generated(name: str) -> bool:
        entry = lock.get(name)
        if entry is None or name in done:
            return done.get(name, False)
        done[name] = "model" in entry.source  # ends a circle in a damaged lock
        done[name] = done[name] or any(map(is_generated, entry.members))
        return done[name]

    return tuple(name for name in sorted(lock) if is_generated(name))


def _credits(pack: str, lock: Lock, models: Sequence[Credited]) -> str:
    generated = generated_assets(lock)
    lines = [
        f"<!-- Written by `{WRITTEN_BY}` from the lock of the pack. -->",
        f"# Credits of the art in `{pack}`",
        "",
        f"{counted(len(lock), 'asset')}, made with assetgen {__version__} (Apache-2.0); {len(generated)} of them "
        "generated by the models below, or put together from such.",
        "",
    ]
    for each in models:
        licence = f"[{each.licence}]({each.licence_url})" if each.licence_url else each.licence
        lines += [f"## {each.name}", "", f"- Licence: {licence}"]
        lines += [f"- From: {each.origin}"] if each.origin else []
        lines += [f"- Weights: `{each.revision}`"] if each.revision else []
        lines += [f"- Used for {counted(len(each.assets), 'asset')}: {', '.join(each.assets)}", ""]
    return "\n".join(lines if models else [*lines, "No model was used.", ""])


def _disclosure(pack: str, lock: Lock, models: Sequence[Credited]) -> str:
    generated = generated_assets(lock)
    picked = sum(lock[name].pick is not None for name in generated)
    from_pictures = sum(bool(lock[name].source.get("image")) for name in generated)
    kinds = Counter(_kind(lock[name]) for name in generated)
    what = ", ".join(f"{kind} ({count})" for kind, count in sorted(kinds.items()))
    names = ", ".join(each.name for each in models if "/" not in each.name and " " not in each.name) or "none"
    answer = "Yes" if generated else "No"
    text = (
        f"Some of the game's art ({', '.join(sorted(kinds))}) was generated during development by image models "
        f"({names}) from the developers' prompts, then processed and checked by software."
        if generated
        else "No art of this pack was generated by a model."
    )
    return f"""<!-- Written by `{WRITTEN_BY}` from the lock of the pack. -->
# What stores ask about generative AI: the pack `{pack}`

This covers the art of this pack only: add other uses of generative AI in the game and its store page, such as text,
voices, music, translations and marketing. The questions are as of November 2026; compare them with the store's form.

## Facts

- Assets: {len(lock)}; generated by a model, or put together from such: {len(generated)}
- Kinds: {what or "none"}
- Models: {names}; licences and digests are in `{CREDITS_FILE}` and `{pack}{BILL_SUFFIX}`
- Chosen by a person among several candidates: {picked}; made from a picture that was given: {from_pictures}
- The published files are fixed data. None of them generates content while the game runs.
- Generated PNG files carry the IPTC digital source type `trainedAlgorithmicMedia`.

## Steam: content survey, generative AI

- Is generative AI used to create content that ships with the game, or its marketing? For this pack: {answer}
- Does the game generate content with AI while it runs? For this pack: No
- Text for the store page:

> {text}

## itch.io: "Generative AI disclosure"

- Does the project contain the results of generative AI? For this pack: {answer}
- Kinds: {"Graphics" if generated else "none"}

## Other stores

Copy the text above where a form asks how AI was used, and the facts where it asks for details.
"""


def _kind(entry: LockEntry) -> str:
    return _KINDS.get(str(entry.export.get("use", "")), "other files")


def _bill(pack: str, lock: Lock, models: Sequence[Credited]) -> dict[str, object]:
    """The bill of materials: the models as components, and the published files with their digests."""
    files = sorted((path, sha256, name) for name, entry in lock.items() for path, sha256 in entry.outputs.items())
    by_asset = {name: [_ref(each.name) for each in models if name in each.assets] for name in lock}
    digest = json.dumps([[each.name, each.revision] for each in models] + [list(each) for each in files])
    art = {"type": "data", "bom-ref": "art", "name": pack}
    needs = [{"ref": "art", "dependsOn": [_ref(each.name) for each in models] + [f"file:{path}" for path, *_ in files]}]
    needs += [{"ref": f"file:{path}", "dependsOn": by_asset[name]} for path, _, name in files if by_asset[name]]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, digest)}",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "assetgen", "version": __version__}]},
            "component": art,
            "properties": [{"name": "assetgen:written_by", "value": WRITTEN_BY}],
        },
        "components": [*map(_component, models), *(_file(*each) for each in files)],
        "dependencies": needs,
    }


def _ref(model: str) -> str:
    return f"model:{model}"


def _component(each: Credited) -> Mapping[str, object]:
    name = each.licence.partition(" (")[0]
    licence = {"id": name} if name in _SPDX else {"name": each.licence}
    found: dict[str, object] = {
        "type": "machine-learning-model",
        "bom-ref": _ref(each.name),
        "name": each.name,
        "licenses": [{"license": licence | ({"url": each.licence_url} if each.licence_url else {})}],
    }
    if each.revision:
        found["version"] = each.revision
    if each.origin:
        found["externalReferences"] = [{"type": "distribution", "url": each.origin}]
    properties = [{"name": "assetgen:licence", "value": each.licence}]
    found["properties"] = [*properties, {"name": "assetgen:assets", "value": ", ".join(each.assets)}]
    return found


def _file(path: str, sha256: str, asset: str) -> Mapping[str, object]:
    return {
        "type": "file",
        "bom-ref": f"file:{path}",
        "name": path,
        "hashes": [{"alg": "SHA-256", "content": sha256}],
        "properties": [{"name": "assetgen:asset", "value": asset}],
    }
