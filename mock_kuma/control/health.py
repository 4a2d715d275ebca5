"""Whether the server lives, whether it can do its work, and what it has counted.

Beside the control API, not in it: the paths are those that a container's probes and Prometheus expect. The
two probes need no token and tell a word only; the counts are for holders of the control token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response

from mock_kuma.control.answers import answer
from mock_kuma.store import journal, worlds
from mock_kuma.store.database import StoreTrouble, words

if TYPE_CHECKING:
    from mock_kuma.core import Core

HEALTH: Final = "/health"
READY: Final = "/ready"
METRICS: Final = "/metrics"
PATHS: Final = (HEALTH, READY, METRICS)
#: Endpoints that need no token.
OPEN: Final = frozenset({"health.health", "health.ready"})
_UNAVAILABLE: Final = 503


def blueprint(core: Core) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("health", __name__)

    @bp.get(HEALTH)
    def health() -> Response:
        # Answering is the proof; what a restart would not mend is no reason for one.
        return answer({"status": "alive"})

    @bp.get(READY)
    def ready() -> Response:
        try:
            with core.database.read() as connection:
                worlds.number(connection)
        except StoreTrouble as error:
            return answer({"status": f"the store cannot be used: {words(error)}"}, _UNAVAILABLE)
        return answer({"status": "ready"})

    @bp.get(METRICS)
    def metrics() -> Response:
        from prometheus_client import CONTENT_TYPE_LATEST  # noqa: PLC0415 -- see measures

        with core.database.read() as connection:
            gauges = {
                "mock_kuma_worlds": ("Worlds, without snapshots.", worlds.number(connection)),
                "mock_kuma_journal_exchanges": (
                    "Exchanges that the journals of all worlds hold.",
                    journal.length(connection),
                ),
            }
        return Response(core.measures.text(gauges), content_type=CONTENT_TYPE_LATEST)

    return bp
