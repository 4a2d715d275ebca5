"""``badge.svg``: the verdict for a README."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from harness.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from harness.report.results import Results

_COLOURS: Final = {"pass": "#15803d", "fail": "#b91c1c", "error": "#b45309"}
_LABEL: Final = "KUMA connector"
#: About the width of a sign at this size, in pixels.
_SIGN: Final = 6.6
_PADDING: Final = 12


def render(results: Results) -> str:
    """Return the picture."""
    passed = results.counts.get(Verdict.PASS, 0)
    value = f"{results.verdict}, {passed} of {len(results.rows)}"
    left, right = (round(len(text) * _SIGN) + _PADDING for text in (_LABEL, value))
    label, shown, colour = escape(_LABEL), escape(value), _COLOURS[results.verdict]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="{label}: {shown}"><title>{label}: {shown}</title>'
        f'<clipPath id="r"><rect width="{left + right}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#334155"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{left / 2}" y="14">{label}</text>'
        f'<text x="{left + right / 2}" y="14">{shown}</text></g></svg>\n'
    )


def write(results: Results, folder: Path) -> None:
    """Write ``badge.svg`` into a folder."""
    (folder / "badge.svg").write_text(render(results), encoding="utf-8")
