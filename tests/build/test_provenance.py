"""Metadata in published images: prompt, preset, model and source type."""

import json
from collections.abc import Callable

from assetgen.build.provenance import provenance
from assetgen.pack.library import PackFile
from assetgen.pack.resolve import resolve_pack

Write = Callable[[str], PackFile]


def test_a_generated_image_is_marked_in_three_formats(write_pack: Write) -> None:
    [recipe] = resolve_pack(write_pack("pack: p\nassets: {a: {preset: painted_concept, prompt: a hill, seed: 5}}"))
    metadata = provenance(recipe, 0)
    assert "painted concept art of a hill\n" in metadata["parameters"]
    assert "Seed: 5, Size: 256x256" in metadata["parameters"]
    assert "digitalsourcetype/trainedAlgorithmicMedia" in metadata["XML:com.adobe.xmp"]
    request = json.loads(metadata["assetgen"])
    assert request["licences"] == {"mini": "Apache-2.0"}
    assert request["source"]["words"]["model"]["digest"]


def test_an_atlas_of_generated_images_is_marked_as_generated(write_pack: Write) -> None:
    text = "pack: p\nassets: {a: {preset: sprite, prompt: x}, all: {preset: atlas, members: [a]}}"
    metadata = provenance(resolve_pack(write_pack(text))[-1], 0)
    assert "trainedAlgorithmicMedia" in metadata["XML:com.adobe.xmp"]
