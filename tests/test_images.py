"""Image sets, their metadata and their pixel conventions."""

import json

import numpy as np
import pytest

from assetgen.images import (
    ImageSet,
    Meta,
    Region,
    Trim,
    color_image,
    layered_image,
    split_alpha,
    to_float,
    to_uint8,
    to_uint16,
)


def test_arrays_of_a_set_are_read_only_and_the_callers_array_stays_writable() -> None:
    array = np.zeros((2, 2, 3), np.uint8)
    images = color_image(array)
    with pytest.raises(ValueError, match="read-only"):
        images["color"][0, 0] = 1
    array[0, 0] = 1
    assert images["color"].base is array


def test_meta_is_stored_as_json_without_unknown_facts() -> None:
    trim = Trim((1, -2), (8, 9))
    meta = Meta(tiles="", pivot=(0.5, 1.0), regions={"imp": Region((0, 0, 4, 5), trim)}, extra={"acme_mood": ["calm"]})
    text = json.dumps(meta.to_json(), sort_keys=True)
    assert text == (
        '{"acme_mood": ["calm"], "pivot": [0.5, 1.0], '
        '"regions": {"imp": {"rect": [0, 0, 4, 5], "trim": {"offset": [1, -2], "source_size": [8, 9]}}}, "tiles": ""}'
    )
    assert Meta.from_json(json.loads(text)) == meta


def test_an_unknown_field_of_meta_is_refused() -> None:
    with pytest.raises(TypeError, match="tile"):
        color_image(np.zeros((2, 2, 3), np.uint8)).with_meta(tile="x")


@pytest.mark.parametrize("array", [np.zeros((2, 2)), np.zeros((2, 2, 3)), np.zeros((0, 2, 3), np.uint8)])
def test_a_channel_of_another_shape_or_type_is_refused(array: np.ndarray) -> None:
    with pytest.raises(ValueError, match="H×W×C"):
        ImageSet({"color": array})


def test_conversions_round_and_are_reversible() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    assert (to_uint8(to_float(ramp)) == ramp).all()
    assert (to_uint8(to_uint16(ramp)) == ramp).all()


def test_an_image_without_alpha_is_opaque() -> None:
    assert split_alpha(np.zeros((1, 1, 3), np.uint16))[1].tolist() == [[[65535]]]


def test_layers_are_composed_from_the_back_to_the_front() -> None:
    back, front = np.full((1, 2, 4), 255, np.uint8), np.zeros((1, 2, 4), np.uint8)
    back[..., :3], front[0, 1] = (200, 0, 0), (0, 0, 200, 128)
    images = layered_image(np.stack([back, front]))
    assert list(images.channels) == ["color", "layer0", "layer1"]
    assert images["color"].tolist() == [[[200, 0, 0, 255], [100, 0, 100, 255]]]


def test_the_composition_of_half_covered_layers_has_straight_alpha() -> None:
    half = np.full((1, 1, 4), 128, np.uint8)
    half[..., :3] = (250, 100, 50)
    images = layered_image(np.stack([half, half]))
    assert images["color"][0, 0].tolist() == [250, 100, 50, 192]
