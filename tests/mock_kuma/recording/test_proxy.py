"""What a hostile client cannot make of the proxy: a way to another host, or a heap of memory."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from mock_kuma.recording.masks import Masks
from mock_kuma.recording.proxy import Proxy


def ask(seen: list[httpx.Request], **environ: Any) -> str:
    """Send one request with these words of the server in front; return the status."""

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=[])

    upstream = httpx.Client(base_url="https://kuma.example:7223", transport=httpx.MockTransport(answer))
    proxy = Proxy(upstream, Masks(b"salt"), lambda _: None)
    sent = {**EnvironBuilder(path="/api").get_environ(), "HTTP_AUTHORIZATION": "Bearer secret", **environ}
    _, status, _ = run_wsgi_app(proxy, sent, buffered=True)
    return status


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/api", "https://evil.example/api", "/\\evil.example", "@evil.example/api",
        "/@evil.example", "/api\r\nHost: evil.example", ":80/api", "/../../api",
        "/api#@evil.example", "*", "",
    ],
)  # fmt: skip
def test_no_target_leads_to_another_host(target: str) -> None:
    """Whatever a request's line says, the token goes to the server that was named, or nowhere."""
    seen: list[httpx.Request] = []

    status = ask(seen, REQUEST_URI=target)

    assert status[:3] in {"200", "400"}
    assert {(one.url.scheme, one.url.host, one.url.port) for one in seen} <= {("https", "kuma.example", 7223)}
    assert [one.headers["host"] for one in seen] == ["kuma.example:7223"] * len(seen)


def test_a_clients_host_header_is_not_passed_on() -> None:
    """Neither that nor what a proxy in front would believe decides where a request goes."""
    seen: list[httpx.Request] = []

    ask(seen, HTTP_HOST="evil.example", HTTP_X_FORWARDED_HOST="evil.example")

    assert seen[0].headers["host"] == "kuma.example:7223"


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "69206017", "9" * 40])
def test_a_body_without_a_sensible_length_is_refused_unread(length: str) -> None:
    """A negative one would be read for ever."""
    seen: list[httpx.Request] = []

    status = ask(seen, REQUEST_METHOD="POST", CONTENT_LENGTH=length)

    assert (status[:3], seen) == ("413", [])


def test_a_body_in_chunks_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no length; more than the bound is refused."""
    seen: list[httpx.Request] = []
    chunks = {"REQUEST_METHOD": "POST", "wsgi.input_terminated": True}

    first = ask(seen, **chunks, **{"wsgi.input": io.BytesIO(b'{"id": "a"}')})
    monkeypatch.setattr("mock_kuma.recording.proxy._MOST", 4)
    second = ask(seen, **chunks, **{"wsgi.input": io.BytesIO(b"12345")})

    assert (first[:3], [one.content for one in seen], second[:3]) == ("200", [b'{"id": "a"}'], "413")
