"""The turn to write: one at a time, in one process and between two."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from mock_kuma.store.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def waiting(turn: Turn) -> Iterator[threading.Event]:
    """Let a thread wait for its turn; the event says that it came."""
    came = threading.Event()

    def work() -> None:
        with turn:
            came.set()

    thread = threading.Thread(target=work)
    thread.start()
    yield came
    thread.join(10)


@pytest.mark.parametrize("same", [True, False])
def test_who_comes_second_waits_for_the_first(tmp_path: Path, *, same: bool) -> None:
    """In one process, and with another file of its own, as another process has."""
    first = Turn(f"{tmp_path}/store.db")
    second = first if same else Turn(f"{tmp_path}/store.db")
    with first, waiting(second) as came:
        early = came.wait(0.1)
        first.__exit__()
        late = came.wait(10)
        first.__enter__()

    assert (early, late) == (False, True)
    first.close()
    second.close()


def test_a_database_without_a_file_has_turns_in_its_process(tmp_path: Path) -> None:
    """And makes no file."""
    turn = Turn(None)
    with turn:
        pass
    turn.close()

    assert list(tmp_path.iterdir()) == []


def test_where_no_file_can_be_made_the_turn_is_the_process_own(tmp_path: Path) -> None:
    """What is wrong with the folder is for SQLite to say, in its own words."""
    turn = Turn(f"{tmp_path}/gone/store.db")
    with turn, waiting(turn) as came:
        early = came.wait(0.1)
        turn.__exit__()
        late = came.wait(10)
        turn.__enter__()

    assert (early, late) == (False, True)
