"""What an exception of a check means, and what a second play of it changes."""

from __future__ import annotations

import msgspec
import pytest

from harness import catalog
from harness.company import Interrupted
from harness.dialogue.stdio import DeadlineMissed, Died
from harness.events import CheckFinished, Evidence, Moment
from harness.plugin import _compared, _decided, _doubtful, _ended
from harness.verdict import Failure, Finding, Flaky, HarnessTrouble, NotReached, Unsupported, Verdict

LOST = Finding("lost", "A is missing")
PLAYED = CheckFinished("FETCH-01", "", Verdict.PASS, "fine", 1.0)


@pytest.mark.parametrize(
    ("error", "verdict", "summary", "broken"),
    [
        (None, Verdict.PASS, "fine", False),
        (Failure([LOST]), Verdict.FAIL, "A is missing", False),
        (Died("the connector ended with exit status 1"), Verdict.FAIL, "the connector ended", True),
        (Flaky("failed 1 of 3", [LOST]), Verdict.FLAKY, "failed 1 of 3", False),
        (NotReached("no request"), Verdict.NOT_REACHED, "no request", False),
        (Unsupported("no close"), Verdict.UNSUPPORTED, "no close", False),
        (HarnessTrouble("the mock died"), Verdict.ERROR, "the mock died", False),
        (Interrupted("being ended"), Verdict.ERROR, "being ended", False),
        (ZeroDivisionError("oops"), Verdict.ERROR, "the check itself broke: ZeroDivisionError", False),
    ],
)
def test_each_exception_has_its_verdict(
    error: BaseException | None, verdict: Verdict, summary: str, *, broken: bool
) -> None:
    """A bug of ours, and trouble with the mock, are never the connector's failure."""
    wanted = catalog.load().requirements[0]

    finished = _ended(PLAYED, wanted, _raised(error))

    assert (finished.verdict, finished.broken) == (verdict, broken)
    assert finished.summary.startswith(summary)


def test_a_connector_that_fails_to_answer_is_told_with_what_kuma_did() -> None:
    """Whoever reads that no answer came sees what was the matter."""
    timeline = [
        Moment(0.1, "KUMA", "alert a appears"),
        Moment(0.2, "KUMA", "drips"),
        Moment(0.3, "harness", "poll"),
    ]
    played = msgspec.structs.replace(PLAYED, evidence=Evidence(timeline))

    finished = _ended(played, catalog.load().requirements[0], _raised(Died("no answer came")))

    assert finished.summary == "no answer came; before that, KUMA: drips"
    assert finished.findings == [Finding("broken", "no answer came")]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (None, False),
        (Failure([LOST]), True),
        (Failure([LOST], confirmed=True), False),
        (Died("gone"), True),
        (NotReached("nothing"), False),
        (HarnessTrouble("down"), False),
    ],
)
def test_only_what_accuses_is_played_again(error: BaseException | None, *, expected: bool) -> None:
    """A story that was repeated already is not."""
    assert _doubtful(error) is expected


def test_a_failure_that_repeats_is_believed() -> None:
    """With the record of the first play."""
    first = (_with(Verdict.FAIL), Failure([LOST]))

    assert _compared(first, [first]) is first


@pytest.mark.parametrize(("again", "told"), [(0, "1 of 4"), (1, "2 of 4"), (2, "3 of 4")])
def test_a_failure_that_does_not_always_repeat_is_flaky(again: int, told: str) -> None:
    """The same seed gave two verdicts in three more plays."""
    failure: tuple[CheckFinished, BaseException | None] = (_with(Verdict.FAIL), Failure([LOST]))
    passed: tuple[CheckFinished, BaseException | None] = (PLAYED, None)

    finished, error = _compared(failure, [*[passed] * (3 - again), *[failure] * again])

    assert finished.verdict is Verdict.FLAKY
    assert f"failed {told} times with the same seed" in finished.summary
    assert isinstance(error, Flaky)


def test_a_deadline_that_is_met_on_a_calmer_machine_was_our_doing() -> None:
    """Many checks side by side make everything slow."""
    again = (PLAYED, None)

    assert _compared((_with(Verdict.FAIL), DeadlineMissed("late")), [again]) is again


@pytest.mark.parametrize(
    ("plays", "decided"),
    [
        ([Failure([LOST])], True),
        ([None], False),
        ([None, Failure([LOST])], False),
        ([None, None, None], True),
        ([DeadlineMissed("late")], False),
        ([DeadlineMissed("late"), DeadlineMissed("late")], True),
    ],
)
def test_a_failure_is_repeated_until_it_is_decided(
    plays: list[BaseException | None], *, decided: bool
) -> None:
    """A failure that repeats is believed, a late answer only when it is late again on a calmer machine."""
    told = [(PLAYED if error is None else _with(Verdict.FAIL), error) for error in plays]

    assert _decided(told) is decided


def _with(verdict: Verdict) -> CheckFinished:
    return CheckFinished("FETCH-01", "", verdict, "A is missing", 1.0)


def _raised(error: BaseException | None) -> BaseException | None:
    """Give an exception the traceback that it has where it was raised."""
    if error is None:
        return None
    with pytest.raises(type(error)) as raised:
        raise error
    return raised.value
