"""Mutants of the reference connector that mistake what crosses the wire, or trust too much; and closes.

The rule that must stay true is that of `connector_reading`.
"""

from __future__ import annotations

import sys
from typing import Any


def hides_every_error(connector: Any) -> None:
    """Takes a list that could not be read for an empty one, whatever the reason."""
    _empty_on(connector, connector.errors.ConnectorError)


def takes_nonsense_for_nothing(connector: Any) -> None:
    _empty_on(connector, connector.errors.BadAnswer)


def takes_refusal_for_nothing(connector: Any) -> None:
    _empty_on(connector, connector.errors.TokenRefused)


def takes_trouble_for_nothing(connector: Any) -> None:
    _empty_on(connector, connector.errors.ServerTrouble)


def takes_absence_for_nothing(connector: Any) -> None:
    _empty_on(connector, connector.errors.Unreachable)


def _empty_on(connector: Any, kind: type[Exception]) -> None:
    page = connector.client.Client.page

    def lenient(self: Any, query: Any) -> Any:
        try:
            return page(self, query)
        except kind as error:
            print(f"will try again later: {error}", file=sys.stderr)
            return []

    connector.client.Client.page = lenient


def follows_with_token(connector: Any) -> None:
    """Follows redirects with all headers, as older clients did."""
    httpx = connector.transport.httpx
    client = httpx.Client
    httpx.Client = lambda **options: client(**options | {"follow_redirects": True})
    httpx._client.BaseClient._redirect_headers = lambda _self, request, _url, _method: request.headers


def trusts_anybody(connector: Any) -> None:
    client = connector.transport.httpx.Client
    connector.transport.httpx.Client = lambda **options: client(**options | {"verify": False})


def trusts_any_host(connector: Any) -> None:
    trust = connector.transport._trust

    def careless(ca_file: Any) -> Any:
        context = trust(ca_file)
        context.check_hostname = False
        return context

    connector.transport._trust = careless


def waits_for_ever(connector: Any) -> None:
    connector.transport.httpx.Timeout = lambda *_limits, **_others: None


def ignores_retry_after(connector: Any) -> None:
    problem = connector.client.wire.problem

    def hasty(what: str, response: Any, now: int) -> Any:
        found = problem(what, response, now)
        if isinstance(found, connector.errors.RateLimited):
            found.seconds = 0.0
        return found

    connector.client.wire.problem = hasty


def storms(connector: Any) -> None:
    def at_once(error: Any, *, tries: int, left: float, random: Any) -> float | None:
        return 0.0 if error.retryable and left > 1 else None

    connector.retry.wait = at_once


def logs_the_token(connector: Any) -> None:
    send = connector.transport.Transport.send

    def chatty(self: Any, method: str, path: str, **how: Any) -> Any:
        print(method, path, dict(self._http.headers), file=sys.stderr, flush=True)
        return send(self, method, path, **how)

    connector.transport.Transport.send = chatty


def tells_the_url(connector: Any) -> None:
    """Sends the token as a query parameter too."""
    send = connector.transport.Transport.send

    def open_letter(self: Any, method: str, path: str, *, query: Any = (), **how: Any) -> Any:
        token = self._http.headers["authorization"].removeprefix("Bearer ")
        return send(self, method, path, query=[*query, ("token", token)], **how)

    connector.transport.Transport.send = open_letter


def closes_as_responded(connector: Any) -> None:
    close = connector.client.Client.close
    connector.client.Client.close = lambda self, alert, _reason: close(self, alert, "responded")


def takes_406_for_refusal(connector: Any) -> None:
    problem = connector.client.wire.problem

    def blunt(what: str, response: Any, now: int) -> Any:
        if response.status == 406:
            return connector.errors.Refused(what, 406, "refused")
        return problem(what, response, now)

    connector.client.wire.problem = blunt


def takes_406_for_closed(connector: Any) -> None:
    problem = connector.client.wire.problem

    def kind(what: str, response: Any, now: int) -> Any:
        if response.status == 406:
            return connector.errors.AlreadyClosed(what, 406, "alert already closed")
        return problem(what, response, now)

    connector.client.wire.problem = kind


def claims_every_close(connector: Any) -> None:
    """A close that KUMA refused is one that worked."""
    close = connector.client.Client.close

    def hopeful(self: Any, alert: str, reason: str) -> None:
        try:
            close(self, alert, reason)
        except connector.errors.ConnectorError as error:
            print(f"closing failed: {error}", file=sys.stderr)

    connector.client.Client.close = hopeful
