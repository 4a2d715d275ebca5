"""The oracle agrees with somebody who judges the same histories in another way."""

from __future__ import annotations

from tests.harness.second_opinion import disagreements, first_opinion, history, second_opinion

KINDS = {
    "lost",
    "doubled",
    "leaked",
    "closed",
    "stale",
    "wrong",
    "lost events",
    "foreign events",
    "doubled events",
}


def test_two_opinions_on_generated_histories_agree() -> None:
    """On a hundred here, and on a thousand in `make oracle`; every kind of finding occurs among them."""
    different, kinds = disagreements(100)

    assert different == []
    assert set(kinds) >= KINDS


def test_a_wrong_opinion_would_be_noticed() -> None:
    """The comparison is not blind: without its incidents a history is judged otherwise."""
    made = next(found for found in map(history, range(100)) if found.held and not first_opinion(found))

    assert second_opinion(made) == set()
    made.held.clear()
    assert second_opinion(made) == first_opinion(made) != set()
