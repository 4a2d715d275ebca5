"""Mutants of the guide peer that wait for what drips, and tell proxies and logs too much.

The rule that must stay true is that of `guide_reading`.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import sys
import urllib.parse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def each_byte_waited_for(guide: Any) -> None:
    """Limits every read, and not all of them together."""

    @contextlib.contextmanager
    def each(seconds: float) -> Iterator[None]:
        socket.setdefaulttimeout(max(seconds, 0.001))
        yield

    guide.hard_limit = each


def proxy_told_all(guide: Any) -> None:
    """Sends a proxy the whole request, as is right for plain HTTP alone, and knows no exceptions."""
    ask = guide.Kuma.ask
    init = guide.Kuma.__init__

    def remembering(self: Any, *, url: str, **rest: Any) -> None:
        init(self, url=url, **rest)
        self.url = url
        if "https_proxy" in os.environ:
            self.line = http.client.HTTPConnection(_proxy())

    def whole(self: Any, method: str, target: str, *rest: Any, seconds: float) -> Any:
        start = self.url if "https_proxy" in os.environ else ""
        return ask(self, method, start + target, *rest, seconds=seconds)

    guide.Kuma.__init__ = remembering
    guide.Kuma.ask = whole


def exceptions_ignored(guide: Any) -> None:
    """Goes through the proxy of its environment, whatever NO_PROXY says."""
    init = guide.Kuma.__init__

    def tunnelled(self: Any, *, url: str, **rest: Any) -> None:
        init(self, url=url, **rest)
        if "https_proxy" in os.environ:
            there = self.line
            self.line = http.client.HTTPSConnection(_proxy(), context=there._context)
            self.line.set_tunnel(there.host, there.port)

    guide.Kuma.__init__ = tunnelled


def _proxy() -> str:
    return urllib.parse.urlsplit(os.environ["https_proxy"]).netloc


def alerts_in_log(guide: Any) -> None:
    """Prints every alert that it receives, as bridges do while they are being written."""
    receive = guide.Desk.receive

    def chatty(self: Any, alerts: list[dict[str, Any]]) -> Any:
        for alert in alerts:
            print("received", json.dumps(alert), file=sys.stderr, flush=True)
        return receive(self, alerts)

    guide.Desk.receive = chatty


def odd_alert_dumped(guide: Any) -> None:
    """Is quiet about alerts, but for one that it does not understand, which it prints."""
    is_whole = guide.is_whole

    def dumping(alert: dict[str, Any]) -> bool:
        if not is_whole(alert):
            print("cannot read", json.dumps(alert), file=sys.stderr, flush=True)
        return bool(is_whole(alert))

    guide.is_whole = dumping
