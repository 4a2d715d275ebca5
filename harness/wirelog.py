"""The wire, as a person reads it: one line an exchange, with a command that repeats it.

Decides what is shown of the journal and how much of it. Rule: no secret is in a line, and a line can be
pasted into a shell whatever the connector had put into its request.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from harness.events import WireLine

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from harness.facts import Exchange

#: So many exchanges are shown from the beginning, and as many from the end.
_SHOWN: Final = 20
_LONGEST: Final = 400


def wire_lines(exchanges: Sequence[Exchange], *, since: dt.datetime) -> tuple[list[WireLine], int]:
    """Return the lines, and how many exchanges in the middle were left out."""
    left_out = max(0, len(exchanges) - 2 * _SHOWN)
    shown = [*exchanges[:_SHOWN], *exchanges[-_SHOWN:]] if left_out else list(exchanges)
    return [_line(exchange, since) for exchange in shown], left_out


def _line(exchange: Exchange, since: dt.datetime) -> WireLine:
    target = exchange.path + (f"?{exchange.query.raw}" if exchange.query.raw else "")
    if len(target) > _LONGEST:
        target = target[:_LONGEST] + "..."
    return WireLine(
        at=round((exchange.at - since).total_seconds(), 3),
        method=exchange.method,
        target=target,
        status=exchange.status,
        served=len(exchange.served),
        fault=exchange.fault_kind,
        reason=exchange.reason,
        curl=_curl(exchange, target),
    )


def _curl(exchange: Exchange, target: str) -> str:
    parts = ["curl", "--cacert", '"$KUMA_CA"', "--header", '"Authorization: Bearer $KUMA_TOKEN"']
    if exchange.method != "GET":
        parts += ["--request", shlex.quote(exchange.method)]
    if exchange.body:
        parts += ["--data", shlex.quote(exchange.body[:_LONGEST])]
    # The variable stays outside of the quotes that protect what the connector sent.
    return " ".join([*parts, '"$KUMA_URL"' + shlex.quote(target)])
