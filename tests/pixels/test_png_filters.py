"""PNG filters: reversible as specified, and well chosen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetgen.pixels.png_filters import FILTERS, Bytes, best_filter, filtered


def nearest(a: int, b: int, c: int) -> int:
    """PaethPredictor of the specification."""
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    if pa <= pb and pa <= pc:
        return a
    return b if pb <= pc else c


def undone(lines: Bytes, step: int) -> list[list[int]]:
    above, rows = [0] * (lines.shape[1] - 1), []
    for kind, *residuals in lines.tolist():
        row: list[int] = []
        for place, residual in enumerate(residuals):
            a, c = (row[place - step], above[place - step]) if place >= step else (0, 0)
            b = above[place]
            row.append((residual + [0, a, b, (a + b) // 2, nearest(a, b, c)][kind]) % 256)
        above = row
        rows.append(row)
    return rows


@pytest.mark.parametrize("kind", FILTERS)
@given(st.integers(1, 8), st.integers(1, 5), st.integers(1, 6), st.sampled_from([3, 256]), st.integers(0, 99))
def test_every_filter_is_reversed_by_the_specification(
    kind: int, step: int, h: int, w: int, top: int, seed: int
) -> None:
    rows = np.random.default_rng(seed).integers(0, top, (h, w * step), np.uint8, endpoint=False)
    assert undone(filtered(rows, step, kind), step) == rows.tolist()


@pytest.mark.parametrize("kind", FILTERS)
def test_a_large_image_is_filtered_like_a_small_one(kind: int) -> None:
    rows = np.random.default_rng(0).integers(0, 256, (1200, 3000), np.uint8, endpoint=False)
    whole = filtered(rows, 3, kind)
    assert all(
        (filtered(rows[top : top + 9], 3, kind)[1:] == whole[top + 1 : top + 9]).all() for top in range(0, 1200, 8)
    )


def test_paeth_predicts_correctly_for_every_triple_of_neighbours() -> None:
    some = np.array([*range(0, 256, 15), 1, 127, 128, 254], np.uint8)
    left, up, corner = (np.ascontiguousarray(each) for each in np.meshgrid(some, some, some))
    wanted = [nearest(*map(int, three)) for three in zip(left.flat, up.flat, corner.flat, strict=True)]
    assert FILTERS[4](left, up, corner).ravel().tolist() == wanted


def test_few_colours_are_left_unfiltered_and_slopes_are_not() -> None:
    chance = np.random.default_rng(0)
    dots = chance.integers(0, 256, (8, 4), np.uint8)[chance.integers(0, 8, (32, 32))].reshape(32, -1)
    slope = np.cumsum(chance.integers(0, 3, (300, 400)), axis=0).astype(np.uint8)
    assert (best_filter(dots, 4), best_filter(slope, 1)) == (0, 2)


def test_the_filter_of_a_large_image_is_chosen_from_all_of_it() -> None:
    across = np.cumsum(np.random.default_rng(0).integers(0, 3, (2000, 400)), axis=1).astype(np.uint8)
    across[:1000] = 0
    assert best_filter(across, 1) == 1


def test_the_filter_is_not_chosen_from_the_gaps_of_an_atlas() -> None:
    across = np.cumsum(np.random.default_rng(0).integers(0, 3, (1024, 4096)), axis=1).astype(np.uint8)
    across[::64] = 0
    assert best_filter(across, 1) == 1


def test_rows_are_not_changed() -> None:
    rows = np.arange(24, dtype=np.uint8).reshape(4, 6)
    for kind in FILTERS:
        filtered(rows, 3, kind)
    assert (rows.ravel() == np.arange(24)).all()
