"""Provenance, written into every published PNG.

Three text chunks: `parameters` in the format of AUTOMATIC1111's web UI; `assetgen`, JSON with the request, keys, weight
digests, licences and version; XMP with the IPTC digital source type, by which stores recognise generated media.
"""

import json
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

from assetgen import __version__
from assetgen.pack.recipe import Recipe, identity_json
from assetgen.pack.schema import ModelCard
from assetgen.parts import Files
from assetgen.pixels.image_files import add_text

XMP_KEYWORD = "XML:com.adobe.xmp"  # Adobe XMP specification part 3, PNG
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"  # IPTC NewsCodes
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    " Iptc4xmpExt:DigitalSourceType={kind}/></rdf:RDF></x:xmpmeta>"
)


def stamp(files: Files, recipe: Recipe, attempt: int) -> dict[str, bytes]:
    """The files, each PNG with its provenance; `attempt` is the accepted attempt."""
    texts = provenance(recipe, attempt)
    return {path: add_text(data, texts) if path.endswith(".png") else data for path, data in files.items()}


def provenance(recipe: Recipe, attempt: int) -> dict[str, str]:
    """Text chunks by keyword."""
    arguments = recipe.source_for(attempt).arguments
    card = arguments.get("model")
    texts = {"assetgen": json.dumps(_request(recipe, attempt), ensure_ascii=False, sort_keys=True)}
    if isinstance(card, ModelCard):
        texts["parameters"] = _parameters(arguments, card)
    if _is_generated(recipe):
        from_image = any(arguments.get(key) for key in ("image", "mask"))
        kind = "compositeWithTrainedAlgorithmicMedia" if from_image else "trainedAlgorithmicMedia"
        texts[XMP_KEYWORD] = XMP.replace("{kind}", quoteattr(SOURCE_TYPES + kind))
    return texts


def _is_generated(recipe: Recipe) -> bool:
    return isinstance(recipe.source.arguments.get("model"), ModelCard) or any(map(_is_generated, recipe.members))


def _request(recipe: Recipe, attempt: int) -> dict[str, Any]:
    return {
        "tool": f"assetgen {__version__}",
        "asset": recipe.name,
        "preset": recipe.preset,
        "attempt": attempt,
        "keys": {
            "sampled": recipe.sampled_key(attempt),
            "images": recipe.images_key(attempt),
            "files": recipe.files_key,
        },
        "source": identity_json(recipe.source_for(attempt)),
        "controls": [identity_json(stage) for stage in recipe.controls_for(attempt)],
        "steps": [identity_json(stage) for stage in recipe.steps],
        **recipe.facts.to_json(),
    }


def _parameters(arguments: Mapping[str, Any], card: ModelCard) -> str:
    """https://github.com/AUTOMATIC1111/stable-diffusion-webui, "PNG info": three lines."""
    width, height = arguments.get("size") or card.native
    settings = {
        "Steps": arguments.get("steps"),
        "Sampler": card.scheduler.name if card.scheduler else None,
        "CFG scale": arguments.get("guidance"),
        "Seed": arguments.get("seed"),
        "Size": f"{width}x{height}",
        "Model hash": (card.digest or "").removeprefix("sha256:")[:10] or None,
        "Model": card.model,
        "Version": f"assetgen {__version__}",
    }
    last = ", ".join(f"{key}: {value}" for key, value in settings.items() if value is not None)
    lines = [
        str(arguments.get("prompt", "")),
        f"Negative prompt: {arguments['negative']}" if arguments.get("negative") else "",
        last,
    ]
    return "\n".join(filter(None, lines))
