"""One check's scene: a KUMA of its own, a connector process of its own, and the record of both.

Decides how acts are carried out and written down, and how long a connector is waited for before anything
is concluded. Judges nothing (see ``oracle``, ``checks``). Rule: once the faults are over a connector gets
three successful polls before it is blamed, and patience while it still backs off.
"""

from __future__ import annotations

import time
import zlib
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, Self

from harness import coverage
from harness.dialogue.calls import Calls, Configuration
from harness.events import Evidence, Moment
from harness.facts import sightings
from harness.oracle import Record
from harness.protocol import BadAnswer, Polled, Refusal
from harness.verdict import Failure, Finding, NotReached, Unsupported
from harness.wirelog import wire_lines
from harness.world import now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from harness.company import Run
    from harness.facts import Exchange
    from harness.protocol import Incident

#: Successful polls that a connector gets to bring everything, and one that brings 25 alerts a poll.
SETTLING: Final = 3
_LONGEST_SETTLING: Final = 60
#: A connector may back off after an outage: so many seconds of refusals are waited out.
_PATIENCE: Final = 30.0
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 4.0
#: Between the alerts of a backlog: 501 of them fill five days, so that no overlap covers for a lost page.
APART_MS: Final = 15 * 60 * 1_000
WEEK: Final = 7 * 24 * 3600
#: What a connector is told where its patience would only cost time; it is waited for as long as ever.
BRIEFLY: Final = 10.0
_STDERR_SHOWN: Final = 8_192


class Scene:
    """A fresh world and a fresh connector, from the first alert to the last word on stderr."""

    def __init__(self, run: Run, *, name: str) -> None:
        self.run, self._name = run, name
        self.features = run.features
        self.reasons = run.hello.reasons
        self.polls = 0
        self.exchanges: list[tuple[int, Exchange]] = []
        self.secrets: list[str] = []
        self.said: list[str] = []
        #: What was reached beside the exchanges: kills, and whatever scenes within this one have.
        self.besides: coverage.Counts = Counter()
        self._timeline: list[Moment] = []
        self._stack, self._process = ExitStack(), ExitStack()
        self._calls: Calls | None = None
        self._how: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._began, self._epoch = time.monotonic(), now()
        self._seed = zlib.crc32(f"{self.run.seed}:{self._name}".encode())
        self._new_world()
        self._stack.push(self._process)
        safe = "".join(letter if letter.isalnum() else "-" for letter in self._name)
        self.folder = self.run.scratch / f"{safe}-{self.world.id}"
        self.folder.mkdir(parents=True)
        self._stderr = self.folder / "stderr.txt"
        self._stderr.touch()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, traceback)

    # Acts

    def start(self, *, environment: dict[str, str] | None = None, **settings: Any) -> None:
        """Start the connector and configure it; ``settings`` differ from the usual configuration."""
        refusal = self.try_to_start(environment=environment, **settings)
        if refusal is not None:
            raise BadAnswer(f"configure was answered with {refusal}")

    def try_to_start(self, *, environment: dict[str, str] | None = None, **settings: Any) -> Refusal | None:
        """Start the connector with settings that it may refuse; a refusal is handed back."""
        self._how = {"environment": environment, "settings": settings}
        process = self.run.process(stderr=self._stderr, environment=environment)
        self._process.enter_context(self.run.company.running(process))
        deadline = self.run.connector.deadline_seconds
        self._calls = Calls(process, deadline=deadline, harness_version=self.run.harness_version)
        self._calls.hello()
        self.note("harness", "started the connector")
        return self.configure(**settings)

    def configure(self, **settings: Any) -> Refusal | None:
        """Configure the connector, running or not; a refusal is handed back."""
        told = {
            "url": self.run.stage.api,
            "token": self.world.token,
            "ca_file": self.run.stage.ca_file,
            "state_dir": str(self.state_dir("state")),
            "lookback_seconds": WEEK,
            "deadline_seconds": self.run.connector.deadline_seconds,
            **settings,
        }
        told["deadline_seconds"] = min(told["deadline_seconds"], self.run.connector.deadline_seconds)
        refusal = self.calls.configure(Configuration(**told))
        self._collect(0)
        changed = ", ".join(sorted(settings)) or "as usual"
        self.note("harness", f"configured it ({changed}){_outcome(refusal)}")
        self._remember(refusal)
        return refusal

    def poll(self) -> Polled | Refusal:
        """Have one receive cycle run, and note what crossed the wire in it."""
        self.polls, calls = self.polls + 1, self.calls
        self.note("harness", f"poll {self.polls}")
        answer = calls.poll()
        self._collect(self.polls)
        if isinstance(answer, Refusal):
            self.note("connector", f"poll {self.polls} answered {answer}")
        else:
            self.note("connector", f"poll {self.polls}: {answer.created} created, {answer.updated} updated")
        self._remember(answer)
        return answer

    def settle(self, until: Callable[[Record], bool] = lambda _: False) -> Record:
        """Poll until ``until`` holds, or three polls have succeeded; raise Failure where none does.

        One that takes so many alerts a poll and no more gets further polls, as long as each brings some.
        """
        done, held, pause, patience = 0, 0, _FIRST_PAUSE, time.monotonic() + _PATIENCE
        while True:
            answer = self.poll()
            if isinstance(answer, Polled):
                done += 1
                record = self.look()
                before, held = held, len({incident.alert_id for incident in record.incidents})
                if until(record) or (done >= SETTLING and held <= before) or done == _LONGEST_SETTLING:
                    return record
                continue
            if time.monotonic() > patience:
                sentence = f"KUMA is healthy, but poll {self.polls} still answers {answer}"
                raise Failure([Finding("stuck", self.redact(sentence), "a successful poll", "an error")])
            self.run.company.pause(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def close(self, alert: str, reason: str) -> Refusal | None:
        """Close an incident as a SOAR analyst does."""
        refusal = self.calls.close(alert, reason)
        self._collect(0)
        self.note("analyst", f"closed alert {alert} as {reason!r}{_outcome(refusal)}")
        self._remember(refusal)
        return refusal

    def edit(self, alert: str, **fields: str) -> Refusal | None:
        """Edit an incident as a SOAR analyst does."""
        refusal = self.calls.edit(alert, fields)
        self.note("analyst", f"edited the incident of alert {alert}{_outcome(refusal)}")
        return refusal

    def move_to_another_world(self) -> None:
        """Leave this world for a fresh one; what was seen on the wire stays behind."""
        self._seed += 1
        self._new_world()
        self.exchanges.clear()
        self.note("harness", "there is another KUMA now")

    def kill(self) -> None:
        """Kill the connector, with whatever it is doing; raises Unsupported where it is not ours to kill."""
        self._demand_mortal()
        if self._calls is not None:
            in_poll = self._calls.asked == "poll"
            self.besides[coverage.KILL, "in a poll" if in_poll else "between calls"] += 1
        self._process.close()
        self._calls = None
        self._collect(self.polls)
        self.note("harness", "killed the connector")

    def restart(self) -> None:
        """Kill the connector and start it again as before."""
        self.kill()
        self.start(**{"environment": self._how["environment"], **self._how["settings"]})

    def kill_during_poll(self, ready: Callable[[], bool], *, wait: float | None = None) -> None:
        """Start a poll, wait until ``ready`` holds, and kill; NotReached where the poll ends first.

        With ``wait`` in seconds it is killed so long after that moment, whether the poll has ended or not.
        """
        self._demand_mortal()
        process = self.calls.process
        self.polls += 1
        self.note("harness", f"poll {self.polls}, to be killed")
        number = self.calls.begin_poll()
        ends = time.monotonic() + self.run.connector.deadline_seconds
        while not ready():
            over = process.answered(within=0.02)
            if over and wait is not None and ready():
                break
            if over or time.monotonic() > ends:
                process.receive(number, "poll", deadline=1)
                self._collect(self.polls)
                raise NotReached("the poll was over before the moment to kill it came")
        if wait is not None:
            self.run.company.pause(wait)
        self.kill()

    # Record

    def look(self) -> Record:
        """Return everything that is known now."""
        return self.record(self.calls.incidents())

    def record(self, incidents: Sequence[Incident]) -> Record:
        """Join incidents with what was seen on the wire."""
        return Record(incidents, tuple(self.exchanges), sightings(self.exchanges), self.polls)

    def adopt(self, other: Scene) -> None:
        """Take over another scene's record: it is the one that is worth showing."""
        self.exchanges, self._timeline, self._epoch = other.exchanges, other._timeline, other._epoch
        # What the other scene has met is shown, and so counted, from here on.
        self.besides += coverage.of_exchanges(self.exchanges)
        self.besides -= coverage.of_exchanges(other.exchanges)
        self.secrets += other.secrets
        self._stderr.write_bytes(other.stderr())

    def note(self, actor: str, what: str) -> None:
        """Write a line of the timeline."""
        at = round(time.monotonic() - self._began, 3)
        self._timeline.append(Moment(at, actor, self.redact(what)))

    def redact(self, text: str) -> str:
        """Take the tokens of this scene out of a text."""
        for secret in self.secrets:
            text = text.replace(secret, "[token]")
        return text

    def stderr(self) -> bytes:
        """Return everything that the connector's processes have said on stderr."""
        return self._stderr.read_bytes()

    def evidence(self) -> Evidence:
        """Return the record for the reports."""
        lines, left_out = wire_lines([exchange for _, exchange in self.exchanges], since=self._epoch)
        said = self.stderr()[-_STDERR_SHOWN:].decode("utf-8", "replace")
        met = coverage.told(self.reached())
        return Evidence(list(self._timeline), lines, left_out, self.redact(said), met)

    def reached(self) -> coverage.Counts:
        """Count what the connector has met in this scene."""
        return coverage.of_exchanges(self.exchanges) + self.besides

    @property
    def calls(self) -> Calls:
        """The running connector; it is started where it does not run yet."""
        if self._calls is None:
            self.start()
        assert self._calls is not None  # noqa: S101 -- start has set it
        return self._calls

    def state_dir(self, name: str) -> Path:
        """Return a state folder of this scene, made where it is not there yet."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def _demand_mortal(self) -> None:
        if self.run.lasting:
            raise Unsupported("an adapter that runs already cannot be killed by the harness")

    def _new_world(self) -> None:
        self.world = self.run.stage.control.new_world(seed=self._seed)
        self.world.tell = lambda what: self.note("KUMA", what)
        if self.run.stage.shared:
            self._stack.callback(self.world.delete)
        self.secrets.append(self.world.token)

    def _collect(self, poll: int) -> None:
        since = self.exchanges[-1][1].seq if self.exchanges else 0
        self.exchanges.extend((poll, exchange) for exchange in self.world.journal(since=since))

    def _remember(self, answer: Polled | Refusal | None) -> None:
        if isinstance(answer, Refusal):
            self.said.append(answer.message)


def _outcome(refusal: Refusal | None) -> str:
    return "" if refusal is None else f": {refusal}"
