"""Test the connection: each way to fail, on real sockets, ends in a sentence of its own."""

from __future__ import annotations

import json
import socket
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import trustme

from connector.desk.engine import Engine
from connector.desk.language import words
from connector.desk.link import Link
from tests.connector.fake_kuma import TOKEN
from tests.connector.sockets import listening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from connector.desk.trial import Trial
    from tests.connector.desk.conftest import Browser


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Engine]:
    """A desk that dials for itself."""
    found = Engine(tmp_path, find_ring=lambda: None)
    yield found
    found.stop()


def answering(
    status: int, value: object, *, alerts: tuple[int, object] = (200, []), kind: str = "application/json"
) -> Callable[[socket.socket], None]:
    """Return what answers ``whoami`` so, and everything after it as ``alerts`` say."""
    answers = [(status, value), alerts]

    def answer(one: socket.socket) -> None:
        code, content = answers.pop(0) if len(answers) > 1 else answers[0]
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        head = (
            f"HTTP/1.1 {code} X\r\nContent-Type: {kind}\r\nConnection: close\r\nContent-Length: {len(body)}"
        )
        one.sendall(f"{head}\r\n\r\n".encode() + body)

    return answer


def tried(desk: Engine, url: str, ca: str = "") -> Trial:
    """Set the connection and try it."""
    desk.connect(Link(url=url), token=TOKEN, ca=ca)
    return desk.test()


ME = {"login": "robot"}
DENIED = {"message": "access denied", "details": None}
ANSWERS = {
    "a token that is none": (
        answering(400, {"message": "invalid authorization header"}),
        "KUMA does not take the token for one.",
    ),
    "a token that is not known": (answering(403, DENIED), "KUMA refuses the token: it is not known there"),
    "a right that is missing": (
        answering(200, ME, alerts=(403, DENIED)),
        "The token belongs to robot, who may not read alerts.",
    ),
    "something else": (answering(200, "<html>hi", kind="text/html"), "is not KUMA. Check address and port."),
    "a redirect": (answering(302, ""), "is not KUMA. Check address and port."),
    "no such API": (answering(404, {"message": "no"}), "has no such API."),
    "trouble": (answering(500, {"message": "no"}, alerts=(500, {})), "KUMA is there, and cannot answer now."),
    "all right": (answering(200, ME), "KUMA answers. The token belongs to robot, who may read alerts."),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_each_answer_has_its_sentence(desk: Engine, name: str) -> None:
    """In both languages, and with what was answered beside it; never with the token."""
    answer, sentence = ANSWERS[name]
    with listening(answer) as port:
        trial = tried(desk, f"http://127.0.0.1:{port}")

    said = words("en")(trial.words, **trial.values)
    assert sentence in said
    assert words("ru")(trial.words, **trial.values) != said
    assert trial.worked == (name == "all right")
    assert bool(trial.detail) == (name != "all right")
    assert TOKEN not in f"{trial}"


def test_a_name_that_leads_nowhere_is_told(desk: Engine) -> None:
    """The name service says so: the last part of the name is reserved for that."""
    trial = tried(desk, "https://kuma.invalid:7223")

    assert "The name in https://kuma.invalid:7223 is not known." in words("en")(trial.words, **trial.values)


def test_a_closed_port_is_told(desk: Engine) -> None:
    """Nothing listens where something listened before."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    trial = tried(desk, f"https://127.0.0.1:{port}")

    said = words("en")(trial.words, **trial.values)
    assert said == f"Nothing listens at https://127.0.0.1:{port}. Check the port, and whether KUMA runs."


def test_a_port_without_tls_is_told(desk: Engine) -> None:
    """It answers in plain text."""
    with listening(answering(200, ME)) as port:
        trial = tried(desk, f"https://127.0.0.1:{port}")

    assert "speaks no TLS" in trial.words


@pytest.mark.parametrize(
    ("host", "own", "over", "sentence"),
    [
        ("127.0.0.1", False, None, "is of an authority that is not trusted."),
        ("127.0.0.1", True, datetime(2020, 1, 1, tzinfo=UTC), "has expired."),
        ("kuma.example.com", True, None, "is for another host."),
        ("127.0.0.1", True, None, "KUMA answers."),
    ],
)
def test_each_certificate_has_its_sentence(
    desk: Engine, host: str, own: bool, over: datetime | None, sentence: str
) -> None:
    """Of another authority, expired, for another host; and the right one passes."""
    authority, other = trustme.CA(), trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host, not_after=over).configure_cert(tls)
    ca = (authority if own else other).cert_pem.bytes().decode()

    with listening(answering(200, ME), tls) as port:
        trial = tried(desk, f"https://127.0.0.1:{port}", ca=ca)

    assert sentence in trial.words


def test_a_connection_that_is_not_set_is_told(desk: Engine, admin: Browser) -> None:
    """On the page, too."""
    assert not desk.test().worked
    assert "The connection is not set completely." in admin.send("/connectors/test").text
