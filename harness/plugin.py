"""The pytest plugin: binds checks to requirements, plays them at once, and tells how each ended.

Decides which checks run, in which order, and what an exception means. Knows no check and no report.
Rule: bodies run ahead in threads, each with a scene of its own; pytest then goes over them in the order in
which they end, so nothing of pytest is shared between threads.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from harness import shapes
from harness.dialogue.stdio import DeadlineMissed
from harness.events import CheckFinished
from harness.protocol import ConnectorBroken
from harness.scene import Scene
from harness.verdict import (
    Failure,
    Finding,
    Flaky,
    HarnessTrouble,
    NotReached,
    Unsupported,
    Verdict,
    failed,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from harness.catalog import Requirement
    from harness.company import Run
    from harness.events import Sink

#: How a check ended, and what it raised.
_Played = tuple[CheckFinished, BaseException | None]
#: A check: it is given its scene, and what it is parametrised with.
Check = Callable[..., None]
_MARK: Final = "requirement"
_EXPECTED: Final = frozenset({pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED})
_AWAKE_SECONDS: Final = 0.3
#: A failure is played again so often, side by side with this share of what usually plays at once.
_CALMER: Final = (0.5, 0.25, 0.0)
#: pytest would take these from the user's environment.
_FOREIGN: Final = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")


def requirement(requirement_id: str, *, lasts: float = 1.0) -> Callable[[Check], Check]:
    """Bind a check to a requirement; ``lasts``, in seconds, lets the long ones start first."""
    return getattr(pytest.mark, _MARK)(requirement_id, lasts=lasts)  # type: ignore[no-any-return]  # a mark returns what it decorates


class HarnessPlugin:
    """Plays the checks of some requirements."""

    def __init__(self, run: Run, chosen: Sequence[Requirement], sink: Sink, *, jobs: int) -> None:
        shapes.learn("harness")
        self._run, self._sink, self._jobs = run, sink, jobs
        self._chosen = {requirement.id: requirement for requirement in chosen}
        self._played: dict[pytest.Item, _Played] = {}
        self.collected = False

    @pytest.fixture
    def scene(self) -> None:
        """Stand for the scene, so that pytest accepts the argument: the body gets its own when played."""

    def pytest_configure(self, config: pytest.Config) -> None:
        """Announce the mark."""
        config.addinivalue_line("markers", f"{_MARK}(id, lasts): the requirement that a check plays")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the checks of the chosen requirements, the longest first."""
        items[:] = sorted(
            (item for item in items if _bound(item)[0] in self._chosen),
            key=lambda item: -_bound(item)[1],
        )

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Play all bodies at once, then the failures again, and let pytest go over each as it ends."""
        self.collected = not session.testsfailed
        if not self.collected:
            return True
        failures: dict[pytest.Item, _Played] = {}
        # Closed at once when a Ctrl-C comes in between, so that no thread is waited for in vain.
        with closing(self._side_by_side(session.items, self._jobs)) as plays:
            for item, played in plays:
                if _doubtful(played[1]):
                    failures[item] = played
                else:
                    self._conclude(item, played)
        # A failure is believed when it repeats on a calmer machine; one that does not is played on.
        for item, repeats in self._repeated(list(failures)):
            self._conclude(item, _compared(failures[item], repeats))
        return True

    def _repeated(self, items: list[pytest.Item]) -> Iterator[tuple[pytest.Item, list[_Played]]]:
        """Play failures again, at most three times each; yield each with its plays once it is decided."""
        plays: dict[pytest.Item, list[_Played]] = {item: [] for item in items}
        for jobs in _CALMER:
            with closing(self._side_by_side(list(plays), max(1, round(self._jobs * jobs)))) as again:
                for item, played in again:
                    plays[item].append(played)
                    if _decided(plays[item]):
                        yield item, plays.pop(item)

    def _side_by_side(
        self, items: list[pytest.Item], jobs: int
    ) -> Generator[tuple[pytest.Item, _Played], None, None]:
        pool = ThreadPoolExecutor(jobs, thread_name_prefix="check")
        playing: dict[Future[_Played], pytest.Item] = {pool.submit(self._play, item): item for item in items}
        try:
            while playing:
                # Not for ever: a signal that reached another thread is acted on when this one wakes up.
                for future in wait(playing, timeout=_AWAKE_SECONDS, return_when=FIRST_COMPLETED).done:
                    yield playing.pop(future), future.result()
        finally:
            if playing:
                self._run.company.end()
            pool.shutdown(wait=True, cancel_futures=True)

    def _conclude(self, item: pytest.Item, played: _Played) -> None:
        self._played[item] = played
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)

    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        """Tell how the check ended, to our reports and to pytest."""
        finished, error = self._played.pop(pyfuncitem)
        self._sink(finished)
        if error is not None:
            raise error
        return True

    def _play(self, item: pytest.Item) -> _Played:
        assert isinstance(item, pytest.Function)  # noqa: S101 -- only functions are collected
        wanted = self._chosen[_bound(item)[0]]
        callspec = getattr(item, "callspec", None)
        case = "" if callspec is None else str(callspec.id)
        params: dict[str, Any] = {} if callspec is None else dict(callspec.params)
        finished = CheckFinished(wanted.id, case, Verdict.PASS, f"{wanted.title}.", 0.0)
        lacking = [feature for feature in wanted.features if feature not in self._run.features]
        if lacking:
            sentence = f"the connector does not claim the feature {', '.join(lacking)}"
            return _with(finished, Verdict.UNSUPPORTED, sentence), None
        began = time.monotonic()
        error: BaseException | None = None
        redact: Callable[[str], str] = str
        try:
            with Scene(self._run, name=f"{wanted.id} {case}".strip()) as scene:
                redact = scene.redact
                try:
                    item.obj(scene=scene, **params)
                except (Failure, Flaky, NotReached, Unsupported, ConnectorBroken) as raised:
                    error = raised
                finished = msgspec.structs.replace(finished, evidence=scene.evidence())
        except Exception as raised:  # noqa: BLE001 -- the edge of a check: its own bugs must not become the connector's failures
            error = raised
        seconds = round(time.monotonic() - began, 3)
        ended = _redacted(_ended(finished, wanted, error), redact)
        return msgspec.structs.replace(ended, seconds=seconds), error


def _redacted(finished: CheckFinished, redact: Callable[[str], str]) -> CheckFinished:
    """Return what goes into reports: a connector may repeat its token in incidents and errors."""
    findings = [
        msgspec.structs.replace(
            one, sentence=redact(one.sentence), expected=redact(one.expected), held=redact(one.held)
        )
        for one in finished.findings
    ]
    return msgspec.structs.replace(finished, summary=redact(finished.summary), findings=findings)


def _doubtful(error: BaseException | None) -> bool:
    """Whether a check is to be played again before it is believed."""
    return isinstance(error, ConnectorBroken) or (isinstance(error, Failure) and not error.confirmed)


def _decided(plays: Sequence[_Played]) -> bool:
    """Whether more plays would change nothing: three are enough, and a failure that repeats is one.

    One that came too late must do so once more, when less plays beside it: a slow machine is not its fault.
    """
    enough = 2 if any(isinstance(error, DeadlineMissed) for _, error in plays) else 1
    repeats = all(finished.verdict is not Verdict.PASS for finished, _ in plays)
    return len(plays) == len(_CALMER) or (repeats and len(plays) >= enough)


def _compared(first: _Played, plays: Sequence[_Played]) -> _Played:
    """Return what a failure and its repetitions amount to."""
    finished, error = first
    failures = [played for played in plays if played[0].verdict is not Verdict.PASS]
    if len(failures) == len(plays):
        return first
    if not failures and isinstance(error, DeadlineMissed):
        # With many checks side by side a slow start is ours to answer for.
        return plays[-1]
    sentence = f"failed {1 + len(failures)} of {1 + len(plays)} times with the same seed: {finished.summary}"
    return _with(finished, Verdict.FLAKY, sentence), Flaky(sentence, finished.findings)


#: What an exception that says how a check ended amounts to; failures depend on the requirement's level.
_MEANING: Final[tuple[tuple[type[BaseException], Verdict | None], ...]] = (
    (Flaky, Verdict.FLAKY),
    (NotReached, Verdict.NOT_REACHED),
    (Unsupported, Verdict.UNSUPPORTED),
    (HarnessTrouble, Verdict.ERROR),
    (Failure, None),
    (ConnectorBroken, None),
)


def _ended(finished: CheckFinished, wanted: Requirement, error: BaseException | None) -> CheckFinished:
    """Say what an exception means."""
    if error is None:
        return finished
    for kind, verdict in _MEANING:
        if isinstance(error, kind):
            broken = isinstance(error, ConnectorBroken)
            found = [Finding("broken", str(error))] if broken else list(getattr(error, "findings", ()))
            final = verdict or failed(wanted.level)
            told = str(error) + (_then(finished) if broken else "")
            return _with(finished, final, told, findings=found, broken=broken)
    where = traceback.extract_tb(error.__traceback__)[-1]
    sentence = f"the check itself broke: {error!r} in {where.name}, line {where.lineno}"
    return _with(finished, Verdict.ERROR, sentence)


def _then(finished: CheckFinished) -> str:
    """Say what KUMA did last before a connector failed to answer, where it did anything."""
    did = [moment.what for moment in finished.evidence.timeline if moment.actor == "KUMA"]
    return f"; before that, KUMA: {did[-1]}" if did else ""


def play(run: Run, chosen: Sequence[Requirement], sink: Sink, *, jobs: int) -> bool:
    """Play the checks of the requirements; return whether the run was interrupted.

    Raises HarnessTrouble where pytest cannot collect them.
    """
    plugin = HarnessPlugin(run, chosen, sink, jobs=jobs)
    with resources.as_file(resources.files("harness") / "checks") as folder, _own_environment():
        arguments = [
            *("-c", os.devnull, f"--rootdir={folder}", "--noconftest", "--import-mode=importlib"),
            *("--disable-plugin-autoload", "--capture=no", "-p", "no:terminal", "-p", "no:cacheprovider"),
            *("-p", "no:warnings", "-p", "no:logging", "-p", "no:faulthandler"),
            *("-o", "python_files=*.py", "-o", "python_functions=check_*", str(folder)),
        ]
        code = pytest.main(arguments, plugins=[plugin])
    if code == pytest.ExitCode.INTERRUPTED:
        return True
    if not plugin.collected or code not in _EXPECTED:
        raise HarnessTrouble(f"pytest could not run the checks (exit code {int(code)})")
    return False


@contextmanager
def _own_environment() -> Iterator[None]:
    """Hide what the user's environment would make of our pytest."""
    hidden = {name: os.environ.pop(name) for name in _FOREIGN if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _bound(item: pytest.Item) -> tuple[str, float]:
    mark = item.get_closest_marker(_MARK)
    if mark is None:
        raise HarnessTrouble(f"the check {item.name} is bound to no requirement")
    return str(mark.args[0]), float(mark.kwargs["lasts"])


def _with(finished: CheckFinished, verdict: Verdict, summary: str, **changes: Any) -> CheckFinished:
    return msgspec.structs.replace(finished, verdict=verdict, summary=summary, **changes)
