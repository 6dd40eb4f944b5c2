"""Plots as SVG, legible on light and on dark pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

OURS: Final = "Topicwire"
LOOP: Final = "C send() loop"
WIDTH: Final = 760
LEFT: Final = 190
TOP: Final = 46
ROW: Final = 26
PLOT_HEIGHT: Final = 380
LABELS: Final = 220
"""Beside the last point of a line: its name."""

STYLE: Final = Path(__file__).with_name("plots.css")


def bars(title: str, rows: Sequence[tuple[str, float]], *, most_is_best: bool) -> str:
    """One bar for each row, the best first. Where they differ much: points, by powers of 10."""
    ordered = sorted(rows, key=lambda row: row[1], reverse=most_is_best)
    values = [max(value, 1e-9) for _, value in ordered]
    is_log = not most_is_best and max(values) / min(values) > 30
    low, high = (
        (10 ** math.floor(math.log10(min(values))), 10 ** math.ceil(math.log10(max(values))))
        if is_log
        else (0.0, max(values) * 1.02)
    )
    width = WIDTH - LEFT - 80
    height = TOP + ROW * len(rows) + 34
    parts = [_text(LEFT, 26, title, "text")]

    def place(value: float) -> float:
        if is_log:
            return LEFT + width * math.log10(value / low) / math.log10(high / low)
        return LEFT + width * value / high

    for mark in _marks(low, high, is_log=is_log):
        at = place(mark)
        parts.append(f'<path class="grid" d="M{at:.1f} {TOP - 6}V{height - 28}"/>')
        parts.append(_text(at, height - 12, f"{mark:g}", "quiet", anchor="middle"))
    for number, ((name, value), known) in enumerate(zip(ordered, values, strict=True)):
        y = TOP + ROW * number
        kind = _kind(name)
        parts.append(_text(LEFT - 10, y + 15, name, f"text {kind}".strip(), anchor="end"))
        end = place(known)
        if is_log:
            parts.append(f'<circle class="{kind or "peer"}" cx="{end:.1f}" cy="{y + 10}" r="5"/>')
        else:
            long = max(1.0, end - LEFT)
            parts.append(
                f'<rect class="{kind or "peer"}" x="{LEFT}" y="{y + 2}" width="{long:.1f}" '
                'height="16" rx="2"/>'
            )
        parts.append(_text(end + 10, y + 15, _short(value), "quiet"))
    return _drawing(height, parts)


def lines(
    title: str, names: Sequence[str], along: str, series: Mapping[str, Sequence[float]]
) -> str:
    """One line for each of the series, named at its end."""
    width = WIDTH - 60 - LABELS
    high = max(1.0, *(value for values in series.values() for value in values)) * 1.05
    bottom = TOP + PLOT_HEIGHT
    steps = max(1, len(names) - 1)
    parts = [_text(60, 26, title, "text")]
    for mark in _marks(0, high, is_log=False):
        y = bottom - PLOT_HEIGHT * mark / high
        parts.append(f'<path class="grid" d="M60 {y:.1f}h{width}"/>')
        parts.append(_text(50, y + 4, f"{mark:g}", "quiet", anchor="end"))
    for number, name in enumerate(names):
        parts.append(
            _text(60 + width * number / steps, bottom + 20, name, "quiet", anchor="middle")
        )
    parts.append(_text(60 + width / 2, bottom + 40, along, "quiet", anchor="middle"))
    free = bottom + 14.0
    # named from below, each at least a line above the one before
    for name, values in sorted(series.items(), key=lambda one: one[1][-1]):
        points = [
            (60 + width * number / steps, bottom - PLOT_HEIGHT * value / high)
            for number, value in enumerate(values)
        ]
        kind = _kind(name)
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        parts.append(f'<path class="line {kind}" d="M{path}"/>')
        parts += [
            f'<circle class="{kind or "peer"}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in points
        ]
        free = min(points[-1][1] + 4, free - 16)
        parts.append(
            _text(points[-1][0] + 12, free, f"{name} {_short(values[-1])}", f"text {kind}".strip())
        )
    return _drawing(bottom + 56, parts)


def _short(value: float) -> str:
    return f"{value:.2f}" if 0.1 <= value < 10 else f"{value:.2g}" if value < 10 else f"{value:.0f}"


def _kind(name: str) -> str:
    return {OURS: "ours", LOOP: "loop"}.get(name, "")


def _marks(low: float, high: float, *, is_log: bool) -> list[float]:
    """Where the grid is."""
    if is_log:
        first, last = round(math.log10(low)), round(math.log10(high))
        return [10.0**power for power in range(first, last + 1)]
    rough = high / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * one for one in (1, 2, 5, 10) if power * one >= rough)
    return [step * number for number in range(int(high / step) + 1)]


def _text(x: float, y: float, text: str, kind: str, *, anchor: str = "start") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _drawing(height: float, parts: Sequence[str]) -> str:
    box = f"0 0 {WIDTH} {height:.0f}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{WIDTH}">',
            f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>",
            f'<rect class="page" width="{WIDTH}" height="{height:.0f}" rx="6"/>',
            *parts,
            "</svg>\n",
        ]
    )
