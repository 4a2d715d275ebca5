"""Mutants of the reference connector that wait for what drips, trust a clock, and tell what they should not.

The rule that must stay true is that of `connector_reading`.
"""

from __future__ import annotations

import math
import os
import sys
from typing import Any


def waits_for_each_byte(connector: Any) -> None:
    """Limits every read, and not all of them together."""
    read = connector.transport.Transport._read

    def patient(self: Any, what: str, response: Any, *, end: float) -> bytes:
        return bytes(read(self, what, response, end=math.inf))

    connector.transport.Transport._read = patient
    connector.transport._bound = lambda _http, _limit: None


def goes_through_any_proxy(connector: Any) -> None:
    """Reads the proxy's variable, and not its exceptions."""
    client = connector.transport.httpx.Client

    def tunnelled(**options: Any) -> Any:
        return client(**options | {"proxy": os.environ.get("https_proxy"), "trust_env": False})

    connector.transport.httpx.Client = tunnelled


def logs_the_bodies(connector: Any) -> None:
    """Prints every answer, to be able to look it up."""
    send = connector.transport.Transport.send

    def chatty(self: Any, method: str, path: str, **how: Any) -> Any:
        response = send(self, method, path, **how)
        print(method, path, response.body.decode("utf-8", "replace"), file=sys.stderr, flush=True)
        return response

    connector.transport.Transport.send = chatty


def never_goes_back(connector: Any) -> None:
    """Keeps its mark where KUMA's clock was put back."""
    connector.window.was_put_back = lambda _mark, *, now, overlap: False
