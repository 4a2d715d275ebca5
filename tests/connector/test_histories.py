"""Generated histories with faults, kills and two instances end with nothing lost, doubled or stale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector import window
from connector.ledger import Ledger
from tests.connector.history import History

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("number", range(6))
def test_a_history_ends_right(tmp_path: Path, number: int) -> None:
    """`make histories` tries a thousand."""
    history = History(number, tmp_path)

    wrong = history.run()

    assert wrong == []


def test_a_connector_that_remembers_too_much_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The histories can fail: here the mark runs an hour ahead of what was read, and is trusted."""
    monkeypatch.setattr(window, "was_put_back", lambda *_given, **_options: False)
    move = Ledger.move_mark
    monkeypatch.setattr(Ledger, "move_mark", lambda self, mark: move(self, mark + 3_600))

    wrong = [sentence for number in range(2) for sentence in History(number, tmp_path / str(number)).run()]

    assert any(sentence.startswith("lost: ") for sentence in wrong)
