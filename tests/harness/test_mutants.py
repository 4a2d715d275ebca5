"""The harness notices every mutant, for the reason that the mutant was made for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from harness import catalog
from harness.verdict import Level
from tests.harness.matrix import LONG, MUTANT_SECONDS, PEERS, Judged, idle, judge, mutant_file, wrongly_judged
from tests.harness.mutants.launch import Mutant, table

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Server

MUTANTS = table()
#: The class of connectors that wait for ever, and how many seconds each of its three plays may take here.
NO_LIMIT = 59
SOON = 6


def quickest() -> dict[str, Mutant]:
    """One mutant for each requirement: of a peer that starts at once, where there is one."""
    order = sorted(MUTANTS.values(), key=lambda one: ("guide", "window", "connector").index(one.of))
    chosen = {wanted: one for one in reversed(order) for wanted in reversed(one.fails)}
    return {wanted: chosen[wanted] for wanted in sorted(chosen) if wanted not in LONG}


@pytest.mark.parametrize(("wanted", "mutant"), quickest().items(), ids=lambda one: getattr(one, "name", one))
def test_a_mutant_fails_the_requirement(wanted: str, mutant: Mutant, kuma: Server, tmp_path: Path) -> None:
    """Every requirement is failed by the mutant that was made for it; `make mutants` plays all of them."""
    file = mutant_file(
        mutant, folder=tmp_path, seconds=SOON if NO_LIMIT in mutant.defects else MUTANT_SECONDS
    )

    found = judge(file, out=tmp_path / "report", server=kuma, only=[wanted])

    requirement = catalog.load().find(wanted)
    assert requirement is not None
    verdict = "fail" if requirement.level is Level.MUST else "warn"
    code = int(verdict == "fail" and requirement.scored)
    assert (found.exit_code, found.verdicts) == (code, {wanted: verdict}), found.printed


def test_every_requirement_is_failed_by_a_mutant() -> None:
    """A requirement that no mutant fails may be one that cannot be failed."""
    claimed = {name for mutant in MUTANTS.values() for name in mutant.fails}

    assert catalog.load().ids() - claimed == set()
    assert claimed - catalog.load().ids() == set()


@pytest.mark.parametrize("mutant", [one for one in MUTANTS.values() if one.change], ids=lambda one: one.name)
def test_changed_text_stands_in_the_peer_once(mutant: Mutant) -> None:
    """A replacement that does not apply would leave a right connector."""
    text = "".join((PEERS / name).read_text(encoding="utf-8") for name in ("window.mjs", "window_kuma.mjs"))

    assert [text.count(old) for old, _ in mutant.change] == [1] * len(mutant.change)


def _judged(**verdicts: str) -> Judged:
    return Judged(1, {name.replace("_", "-"): verdict for name, verdict in verdicts.items()}, {})


def test_the_matrix_tells_a_survivor() -> None:
    """A verdict that is neither pass nor fail does not count as noticed."""
    mutant = MUTANTS["first-page-only"]
    judged = {mutant.name: _judged(FETCH_03="fail", FETCH_04="not-reached", FETCH_01="pass", FETCH_02="pass")}

    [sentence] = wrongly_judged(judged, mutants=MUTANTS)

    assert re.search("first-page-only .* survives FETCH-04", sentence)


def test_the_matrix_tells_a_right_connector_that_is_failed() -> None:
    """Whatever a right connector claims, it passes."""
    judged = {"guide": Judged(1, {"FETCH-01": "fail", "UPD-04": "unsupported"}, {"FETCH-01": "lost"})}

    assert wrongly_judged(judged, mutants=MUTANTS) == ["guide is right, but FETCH-01: fail: lost"]


def test_the_matrix_tells_a_connector_that_was_not_judged() -> None:
    """A run without verdicts is neither a pass nor a fail."""
    judged = {"first-page-only": Judged(5, {}, {}, "the mock did not start")}

    assert wrongly_judged(judged, mutants=MUTANTS) == [
        "first-page-only was not judged, exit 5: the mock did not start"
    ]


def test_the_matrix_tells_a_wreck_and_an_idle_requirement() -> None:
    """A mutant that fails everything says nothing about a requirement, and one that none fails is idle."""
    judged = {
        "guide": _judged(FETCH_01="pass", FETCH_02="pass", FETCH_03="pass"),
        "last-one-dropped": _judged(FETCH_01="fail", FETCH_02="fail", FETCH_03="pass"),
    }

    assert wrongly_judged(judged, mutants=MUTANTS) == ["last-one-dropped is a wreck: it fails 2 of 3"]
    assert idle(judged, mutants=MUTANTS) == ["FETCH-03 is failed by no mutant"]
