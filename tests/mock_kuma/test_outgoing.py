"""What leaves a connection, piece by piece."""

from __future__ import annotations

from typing import Any

import pytest

from mock_kuma.outgoing import Outgoing

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


class Written:
    """A transport that only remembers."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.pieces.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 7


@pytest.fixture
def transport() -> Written:
    return Written()


@pytest.fixture
def outgoing(transport: Any) -> Outgoing:
    return Outgoing(transport)


def test_a_small_answer_leaves_in_one_piece(outgoing: Outgoing, transport: Written) -> None:
    outgoing.write(HEAD)
    assert transport.pieces == []
    outgoing.write(b"[]")
    outgoing.flush()
    assert transport.pieces == [HEAD + b"[]"]


def test_a_large_body_is_not_copied(outgoing: Outgoing, transport: Written) -> None:
    body = b"x" * 100_000
    outgoing.write(HEAD)
    outgoing.write(body)
    assert transport.pieces[0] == HEAD
    assert transport.pieces[1] is body


def test_an_answer_without_a_body_leaves_once_it_is_complete(outgoing: Outgoing, transport: Written) -> None:
    outgoing.write(HEAD)
    outgoing.flush()
    outgoing.flush()
    assert transport.pieces == [HEAD]


def test_a_head_leaves_before_the_connection_ends(outgoing: Outgoing, transport: Written) -> None:
    outgoing.write(HEAD)
    outgoing.close()
    assert (transport.pieces, outgoing.is_closing()) == ([HEAD], True)


def test_who_waits_for_100_is_not_kept_waiting(outgoing: Outgoing, transport: Written) -> None:
    go_on = b"HTTP/1.1 100 Continue\r\n\r\n"
    outgoing.write(go_on)
    assert transport.pieces == [go_on]


def test_a_body_that_looks_like_a_head_is_whole(outgoing: Outgoing, transport: Written) -> None:
    outgoing.write(HEAD)
    outgoing.write(HEAD)
    outgoing.write(HEAD)
    outgoing.flush()
    assert b"".join(transport.pieces) == HEAD * 3


def test_all_else_is_the_transports_own(outgoing: Outgoing) -> None:
    assert outgoing.get_write_buffer_size() == 7
