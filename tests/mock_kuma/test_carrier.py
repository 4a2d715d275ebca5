"""From the HTTP server to a WSGI application and back: what each side is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Request, Response

from mock_kuma.carrier import Carrier, ClientGone

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from mock_kuma.carrier import Message

SCOPE: dict[str, Any] = {
    "method": "POST", "path": "/алерты", "query_string": b"a=%D1%8F&b=2", "http_version": "1.1",
    "scheme": "https", "server": ("::1", 7223), "client": ("10.0.0.7", 50000), "headers": [],
}  # fmt: skip


def carry(app: WSGIApplication, *messages: Message, **scope: Any) -> list[Message]:
    """Let an application answer a request, of which these messages come; return what is sent."""
    coming, sent = iter(messages), []

    async def receive() -> Message:
        await asyncio.sleep(0)
        return next(coming)

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(Carrier.of(app, threads=2)({**SCOPE, **scope}, receive, send))
    return sent


def body(piece: bytes, *, more: bool = False) -> Message:
    """Return a piece of a request's body."""
    return {"type": "http.request", "body": piece, "more_body": more}


def test_an_application_sees_the_request_as_it_was_sent() -> None:
    """Path, query, addresses, headers, and a body in pieces."""
    seen: dict[str, Any] = {}

    @Request.application
    def app(request: Request) -> Response:
        seen.update(
            path=request.path, args=dict(request.args), url=request.url_root, client=request.remote_addr,
            cookies=dict(request.cookies), twice=request.headers["X-Twice"], kind=request.content_type,
            data=request.get_data(),
        )  # fmt: skip
        return Response("ok")

    headers = [
        (b"host", b"kuma.example.com:7223"), (b"content-type", b"text/plain"), (b"cookie", b"a=1"),
        (b"cookie", b"b=2"), (b"x-twice", b"1"), (b"x-twice", b"2"), (b"transfer-encoding", b"chunked"),
    ]  # fmt: skip
    carry(app, body(b"ab", more=True), body(b"", more=True), body(b"cd"), headers=headers)

    assert seen == {
        "path": "/алерты", "args": {"a": "я", "b": "2"}, "url": "https://kuma.example.com:7223/",
        "client": "10.0.0.7", "cookies": {"a": "1", "b": "2"}, "twice": "1,2", "kind": "text/plain",
        "data": b"abcd",
    }  # fmt: skip


def test_what_looks_like_a_length_is_none() -> None:
    """A header with an underscore takes the place of no other."""
    seen: dict[str, Any] = {}

    @Request.application
    def app(request: Request) -> Response:
        seen.update(length=request.content_length, kind=request.content_type, data=request.get_data())
        return Response("ok")

    headers = [
        (b"content-length", b"4"), (b"content-type", b"text/plain"),
        (b"content_length", b"none"), (b"content_type", b"text/html"),
    ]  # fmt: skip
    carry(app, body(b"abcd"), headers=headers)

    assert seen == {"length": 4, "kind": "text/plain", "data": b"abcd"}


def test_the_length_of_an_answer_is_told_where_it_has_one() -> None:
    """Once, and never of an answer without a body."""

    def lengths(status: int, *, told: bool, more: dict[str, str] | None = None) -> tuple[list[bytes], bytes]:
        answer = Response(b"four", status=status, headers=more)
        if not told:
            answer.headers.remove("Content-Length")
            answer.automatically_set_content_length = False
        head, rest = carry(answer)
        return [value for name, value in head["headers"] if name == b"content-length"], rest["body"]

    assert lengths(200, told=True) == ([b"4"], b"four")
    assert lengths(200, told=False) == ([b"4"], b"four")
    assert lengths(204, told=False) == ([], b"")
    assert lengths(200, told=False, more={"Transfer-Encoding": "chunked"}) == ([], b"four")


@pytest.mark.parametrize("size", [-1, 3, 100])
def test_a_request_that_is_cut_off_is_answered_by_nobody(size: int) -> None:
    """However it is read; the application learns of it."""
    learnt: list[Exception] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        try:
            environ["wsgi.input"].read(size)
            environ["wsgi.input"].read(size)
        except ClientGone as error:
            learnt.append(error)
            raise
        start_response("200 OK", [])
        return [b""]

    sent = carry(app, body(b"abcd", more=True), {"type": "http.disconnect"})

    assert (sent, len(learnt)) == ([], 1)
