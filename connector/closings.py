"""Closings carried to KUMA: one at once when an analyst closes, the rest with each cycle.

Rule: an incident is closed when KUMA has confirmed that its alert is; a lost answer and "already closed" both
end there, a refusal goes to a person, and anything else is tried again.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from connector.errors import AlreadyClosed, ConnectorError, OutOfTime, RateLimited, Refused
from connector.incidents import CLOSED

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.incidents import Incidents
    from connector.outbox import Closing, Outbox

    #: Closes an alert (its id, the reason) in KUMA, or raises an error of ``connector.errors``.
    Send = Callable[[str, str], None]

log = logging.getLogger("connector.closings")


class Closings:
    """The closings of one instance; ``learn`` asks KUMA once more about an alert that was closed before."""

    def __init__(
        self, outbox: Outbox, *, incidents: Incidents, send: Send, learn: Callable[[str], None]
    ) -> None:
        self._outbox = outbox
        self._incidents = incidents
        self._send = send
        self._learn = learn

    def push_waiting(self) -> None:
        """Send what waits; raises the last trouble when all were tried."""
        trouble: ConnectorError | None = None
        for closing in self._outbox.pending():
            try:
                self._push_again(closing)
            except (RateLimited, OutOfTime):
                raise
            except ConnectorError as error:
                # One closing that fails does not hold the others up; the cycle ends with the error.
                log.warning("closing %r: %s", closing.alert_id, error)
                trouble = error
        if trouble is not None:
            raise trouble

    def push(self, alert_id: str, reason: str) -> None:
        """Send one; returns when KUMA has confirmed it."""
        try:
            self._send(alert_id, reason)
        except AlreadyClosed:
            # By somebody else, or by us with the answer lost: either way it is closed.
            log.info("closing %r: it was closed already", alert_id)
            self._confirm(alert_id, reason=None)
            self._learn(alert_id)
        except Refused as error:
            self._outbox.refuse(alert_id, str(error))
            raise
        else:
            log.info("closing %r: done", alert_id)
            self._confirm(alert_id, reason=reason)

    def _push_again(self, closing: Closing) -> None:
        if self._incidents.status(closing.alert_id) == CLOSED:
            self._outbox.take_out(closing.alert_id)
        else:
            self.push(closing.alert_id, closing.reason)

    def _confirm(self, alert_id: str, *, reason: str | None) -> None:
        self._incidents.mark_closed(alert_id, reason=reason)
        self._outbox.take_out(alert_id)
