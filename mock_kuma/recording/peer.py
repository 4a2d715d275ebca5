"""The mock to compare a recording with: a running one, or one of our own that holds the recorded alerts.

Rule: a request is put as it was recorded, with a token where one was sent.
"""

from __future__ import annotations

import ssl
import tempfile
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec

from mock_kuma import app, installation
from mock_kuma.recording.drift import Answer
from mock_kuma.recording.exchange import payload
from mock_kuma.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from mock_kuma.recording.exchange import Recorded

_SEED: Final = "drift"
_NOBODYS: Final = "http://mock-kuma.invalid"
_NOBODYS_TOKEN: Final = "0" * 32
_KEPT: Final = ("id", "name", "status", "priority", "firstSeen", "lastSeen", "assignee", "correlationRuleID")


class NoAnswer(Exception):
    """The running mock cannot be asked."""


@contextmanager
def running(url: str, token: str, ca: Path | None) -> Iterator[Callable[[Recorded], Answer]]:
    """Ask a running mock."""
    trust = ssl.create_default_context(cafile=None if ca is None else str(ca))
    with httpx.Client(base_url=url, verify=trust, timeout=60, trust_env=False) as client:
        try:
            yield _asking(client, token)
        except httpx.HTTPError as error:
            raise NoAnswer(f"{url}: {error}") from error


@contextmanager
def own(exchanges: Sequence[Recorded], kuma_version: str) -> Iterator[Callable[[Recorded], Answer]]:
    """Ask a mock of our own, made for this, that holds the alerts of the recorded answers."""
    with tempfile.TemporaryDirectory(prefix="mock-kuma-") as folder:
        settings = Settings(
            host="127.0.0.1",
            port=0,
            console_port=0,
            tls=False,
            store=f"sqlite:///{folder}/drift.db",
            data_folder=Path(folder),
            control_digest=None,
            workers=1,
            wire=False,
            kuma_version=kuma_version,
            seed=_SEED,
        )
        token = installation.prepare(settings, None)
        core = app.core(settings.store)
        console = httpx.WSGITransport(app.console_app(settings, core))
        with httpx.Client(base_url=_NOBODYS, transport=console) as control:
            body = {"alerts": _alerts(exchanges)}
            control.post("/control/v1/worlds/default/alerts", json=body).raise_for_status()
        vendor = httpx.WSGITransport(_spoken(app.vendor_app(settings, core)))
        with httpx.Client(base_url=_NOBODYS, transport=vendor) as client:
            yield _asking(client, token)
        core.database.close()


def _spoken(behind: WSGIApplication) -> WSGIApplication:
    """Return the application behind a transport that gives it a path as text, where WSGI wants its bytes."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"].encode("utf-8", "replace").decode("latin-1")
        return behind({**environ, "PATH_INFO": path}, start_response)

    return application


def _asking(client: httpx.Client, token: str) -> Callable[[Recorded], Answer]:
    def ask(exchange: Recorded) -> Answer:
        # Whose token was refused is not recorded: a refusal is compared with that of a stranger.
        shown = _NOBODYS_TOKEN if exchange.status == HTTPStatus.FORBIDDEN else token
        headers = {"Authorization": f"Bearer {shown}"} if exchange.token else {}
        sent = payload(exchange.sent)
        if exchange.sent.json is not msgspec.UNSET:
            headers["Content-Type"] = "application/json"
        response = client.request(exchange.method, exchange.target, headers=headers, content=sent)
        return Answer(response.status_code, response.headers.get("content-type", ""), response.content)

    return ask


def _alerts(exchanges: Sequence[Recorded]) -> list[dict[str, Any]]:
    """Return every alert that an answer shows, as it was when it was first seen."""
    found: dict[str, dict[str, Any]] = {}
    for exchange in exchanges:
        answered = exchange.answered.json
        if not exchange.path.rstrip("/").endswith("/alerts") or not isinstance(answered, list):
            continue
        for alert in answered:
            if isinstance(alert, dict) and isinstance(alert.get("id"), str):
                kept = {key: alert[key] for key in _KEPT if isinstance(alert.get(key), str) and alert[key]}
                found.setdefault(alert["id"], kept)
    return list(found.values())
