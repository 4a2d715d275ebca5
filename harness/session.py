"""One run from the greeting to the reports.

Decides the order in which a run goes, and that it always ends in the same way: nothing left running, the
reports written. Knows no options (see ``cli``). Rule: trouble is told in the reports, too; a run without
them is a run that nobody can read.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import smoke, stage
from harness.company import Run, connector_process
from harness.dialogue.calls import Calls
from harness.events import CheckFinished, Event, RunFinished, RunStarted
from harness.protocol import ConnectorBroken, Hello
from harness.report import results, writing
from harness.verdict import HarnessTrouble, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.catalog import Catalog, Requirement
    from harness.events import Sink
    from harness.settings import ConnectorFile


@dataclass(frozen=True, slots=True)
class Mock:
    """A mock that runs already: its console, control token, vendor API and CA."""

    console: str
    token: str
    api: str | None
    ca_file: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run on which connector. ``mock`` None starts one."""

    path: Path
    file: ConnectorFile
    mock: Mock | None
    seed: int
    examples: int = 1
    jobs: int = 1


def play(order: Order, chosen: Sequence[Requirement], show: Sink) -> list[Event]:
    """Run the requirements, showing each event as it comes; return them all. Does not raise for trouble."""
    from harness import plugin  # noqa: PLC0415 -- pytest is an extra; all but playing does without

    events: list[Event] = []
    began = time.monotonic()

    def sink(event: Event) -> None:
        events.append(event)
        show(event)

    end: dict[str, Any] = {}
    hello = _named(order)
    try:
        try:
            with _greeted(order) as (hello, scratch):
                sink(_started(order, hello, chosen))
                with _stage(order.mock) as place:
                    run = _run(order, place, hello, scratch)
                    interrupted = plugin.play(run, chosen, sink, jobs=_jobs(order))
                    never = not interrupted and _all_broken(events) and not smoke.works(run)
                    end = {"interrupted": interrupted, "never_ran": never}
        finally:
            if not events:
                sink(_started(order, hello, chosen))
    except ConnectorBroken as broken:
        end = {"trouble": str(broken), "never_ran": True}
    except HarnessTrouble as trouble:
        end = {"trouble": str(trouble)}
    except KeyboardInterrupt:
        end = {"interrupted": True}
    sink(RunFinished(round(time.monotonic() - began, 3), **end))
    return events


@contextmanager
def met(order: Order) -> Iterator[Run]:
    """Greet the connector and set the stage for it; raises ConnectorBroken or HarnessTrouble."""
    with _greeted(order) as (hello, scratch), _stage(order.mock) as place:
        yield _run(order, place, hello, scratch)


def report(order: Order, events: Sequence[Event], folder: Path, *, catalog: Catalog) -> results.Results:
    """Write all reports into a folder, and return what they say."""
    today = dt.datetime.now(dt.UTC).date()
    found = results.read(events, catalog=catalog, waivers=order.file.waiver, today=today)
    writing.write(found, folder, catalog=catalog)
    return found


@contextmanager
def _greeted(order: Order) -> Iterator[tuple[Hello, Path]]:
    """Start the connector once to learn who it is, before anything else is started."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kuma-harness-")))
        connector = order.file.connector
        process = connector_process(
            connector, order.path.resolve().parent, stderr=scratch / "hello.txt", environment={}
        )
        try:
            process.start()
            calls = Calls(process, deadline=connector.deadline_seconds, harness_version=_version())
            hello = calls.hello()
        finally:
            process.kill()
        yield hello, scratch


def _jobs(order: Order) -> int:
    """Return how many checks may play at once: an adapter without a process a scene is one instance."""
    return 1 if order.file.connector.transport in {"http", "oneshot"} else order.jobs


def _all_broken(events: Sequence[Event]) -> bool:
    """Whether no check that was played got to its end, because the connector could not be talked to."""
    cases = [event for event in events if isinstance(event, CheckFinished)]
    silent = {Verdict.UNSUPPORTED, Verdict.ERROR, Verdict.SKIPPED}
    played = [case for case in cases if case.verdict not in silent]
    return bool(played) and all(case.broken for case in played)


def _stage(mock: Mock | None) -> Any:
    """Return the stage, to be entered."""
    if mock is None:
        return stage.own_mock()
    return stage.running_mock(mock.console, token=mock.token, api=mock.api, ca_file=mock.ca_file)


def _run(order: Order, place: stage.Stage, hello: Hello, scratch: Path) -> Run:
    return Run(
        place,
        order.file.connector,
        hello,
        order.path.resolve().parent,
        scratch,
        seed=order.seed,
        examples=order.examples,
        harness_version=_version(),
    )


def _named(order: Order) -> Hello:
    """Return a greeting for a connector that has not spoken."""
    return Hello(protocol=1, name=order.file.connector.name, version="unknown")


def _started(order: Order, hello: Hello, chosen: Sequence[Requirement]) -> RunStarted:
    return RunStarted(
        seed=order.seed,
        connector=order.file.connector.name,
        version=hello.version,
        features=hello.features,
        file=str(order.path),
        examples=order.examples,
        planned=[item.id for item in chosen],
        at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    )


def _version() -> str:
    try:
        return metadata.version("mock-kuma")
    except metadata.PackageNotFoundError:
        # Run from a source tree that was not installed.
        return "unknown"
