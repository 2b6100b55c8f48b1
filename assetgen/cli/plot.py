"""Bars of figures as an SVG picture, for a page or a README."""

from collections.abc import Sequence
from html import escape

WIDTH, BAR, GAP, LABEL, MARGIN = 640, 22, 8, 190, 90
COLOURS = ("#7a8699", "#2f6fde")


def bars(title: str, groups: Sequence[tuple[str, Sequence[tuple[str, float, str]]]]) -> str:
    """Groups of bars with a heading each; a bar is its name, its length and what is written behind it.

    Lengths are compared within a group. The last bar of a group stands out.
    """
    rows: list[str] = []
    top = 40
    for heading, lines in groups:
        rows.append(_text(12, top + 12, heading, "600"))
        top += BAR
        longest = max((length for _, length, _ in lines), default=0.0) or 1.0
        for number, (name, length, told) in enumerate(lines, 1):
            width = (WIDTH - LABEL - MARGIN) * max(0.0, length) / longest
            colour = COLOURS[number == len(lines)]
            rows.append(_text(20, top + 15, name))
            rows.append(f'<rect x="{LABEL}" y="{top}" width="{width:.1f}" height="{BAR}" rx="3" fill="{colour}"/>')
            rows.append(_text(round(LABEL + width + 6), top + 15, told))
            top += BAR + GAP
        top += GAP
    box = f'viewBox="0 0 {WIDTH} {top}" font-family="sans-serif" font-size="13"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box}>'
    ground = f'<rect width="{WIDTH}" height="{top}" fill="#ffffff"/>'
    return "\n".join([head, ground, _text(12, 24, title, "600"), *rows, "</svg>", ""])


def _text(x: int, y: int, words: str, weight: str = "400") -> str:
    return f'<text x="{x}" y="{y}" fill="#1c2430" font-weight="{weight}">{escape(words)}</text>'
