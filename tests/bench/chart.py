"""A line chart on two logarithmic axes, as SVG: readable on light and dark pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 34, 46
COLOURS = ("#0b6bcb", "#c2410c", "#15803d", "#7e22ce")

Point = tuple[float, float]


def chart(title: str, across: str, up: str, lines: Mapping[str, Sequence[Point]]) -> str:
    """The chart of ``lines``, by name; all numbers are greater than zero.

    A dashed line from each line's first point shows where twice as much would take twice as long.
    """
    points = [point for line in lines.values() for point in line]
    low_x, high_x = _decades([x for x, _ in points])
    low_y, high_y = _decades([y for _, y in points])

    def place(point: Point) -> str:
        x = (log10(point[0]) - low_x) / (high_x - low_x) * (WIDTH - LEFT - RIGHT) + LEFT
        y = (log10(point[1]) - low_y) / (high_y - low_y) * (HEIGHT - TOP - BOTTOM)
        return f"{x:.1f},{HEIGHT - BOTTOM - y:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="12" role="img" aria-label="{title}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<clipPath id="plot"><rect x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" '
        f'height="{HEIGHT - TOP - BOTTOM}"/></clipPath>',
        f'<text x="{LEFT}" y="18" font-size="14">{title}</text>',
        f'<text x="{LEFT}" y="{HEIGHT - 8}">{across}</text>',
        f'<text transform="translate(14,{HEIGHT - BOTTOM}) rotate(-90)">{up}</text>',
    ]
    for decade in range(low_x, high_x + 1):
        x, y = place((10.0**decade, 10.0**low_y)).split(",")
        parts.append(_rule(x, f"{TOP}", x, y))
        parts.append(
            f'<text x="{x}" y="{float(y) + 16}" text-anchor="middle">{_count(decade)}</text>'
        )
    for decade in range(low_y, high_y + 1):
        x, y = place((10.0**low_x, 10.0**decade)).split(",")
        parts.append(_rule(x, y, f"{WIDTH - RIGHT}", y))
        parts.append(
            f'<text x="{LEFT - 6}" y="{float(y) + 4}" text-anchor="end">{_count(decade)}</text>'
        )
    taken: list[float] = []
    for (name, line), colour in zip(lines.items(), COLOURS, strict=False):
        (x, y), end = line[0], line[-1][0]
        straight = f"{place((x, y))} {place((end, y * end / x))}"
        dashed = f'{_stroke(colour, 1)} stroke-dasharray="4 4" clip-path="url(#plot)"'
        parts.append(f'<polyline points="{straight}" {dashed}/>')
        path = " ".join(map(place, line))
        parts.append(f'<polyline points="{path}" {_stroke(colour, 2)}/>')
        parts += [
            f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>'
            for x, y in (place(point).split(",") for point in line)
        ]
        height = float(place(line[-1]).split(",")[1]) + 4
        while any(abs(height - other) < 14 for other in taken):
            height += 14
        taken.append(height)
        parts.append(
            f'<text x="{WIDTH - RIGHT + 8}" y="{height:.1f}" fill="{colour}">{name}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """The powers of ten between which all values lie."""
    low = floor(log10(min(values)))
    return low, max(low + 1, ceil(log10(max(values))))


def _count(decade: int) -> str:
    return f"{10**decade:,}" if decade >= 0 else f"{10.0**decade:g}"


def _rule(x1: str, y1: str, x2: str, y2: str) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#d4d4d8"/>'


def _stroke(colour: str, width: int) -> str:
    return f'fill="none" stroke="{colour}" stroke-width="{width}"'
