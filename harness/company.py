"""The connector processes of a run: what all scenes share, and the list of what still runs.

Decides how a connector is started and how all of them are ended at once. Rule: after ``end`` no process
of this run is left, and none can be started any more.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from harness.dialogue.http import HttpAdapter
from harness.dialogue.oneshot import OneshotProcess
from harness.dialogue.stdio import StdioProcess
from harness.dialogue.xsoar import SETTINGS
from harness.verdict import HarnessTrouble, Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.dialogue.channel import Channel
    from harness.protocol import Hello
    from harness.settings import Connector
    from harness.stage import Stage

#: Secrets and settings of ours, which are none of a connector's business.
_OURS = ("KUMA_HARNESS_", "MOCK_KUMA_")
_LOOPBACK = "127.0.0.1,localhost,::1"


class Interrupted(HarnessTrouble):
    """The run is being ended."""


class Company:
    """All connector processes that run at the moment; used by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[Channel] = set()
        self._ended = threading.Event()

    @contextmanager
    def running(self, process: Channel) -> Iterator[Channel]:
        """Start a process, and end it when the block is left."""
        with self._lock:
            if self._ended.is_set():
                raise Interrupted("the run is being ended")
            process.start()
            self._running.add(process)
        try:
            yield process
        finally:
            process.kill()
            with self._lock:
                self._running.discard(process)

    def pause(self, seconds: float) -> None:
        """Wait; raises Interrupted where the run is being ended meanwhile."""
        if self._ended.wait(seconds):
            raise Interrupted("the run is being ended")

    def end(self) -> None:
        """End all processes; from now on none starts."""
        with self._lock:
            self._ended.set()
            left = list(self._running)
        for process in left:
            process.end()


@dataclass(frozen=True, slots=True)
class Run:
    """What all scenes of a run share. ``folder`` is the connector file's, ``scratch`` a temporary one."""

    stage: Stage
    connector: Connector
    hello: Hello
    folder: Path
    scratch: Path
    seed: int
    examples: int
    harness_version: str
    company: Company = field(default_factory=Company)
    #: What was found out about the connector in this run (see ``pilot``), and the lock for it.
    learned: dict[str, int] = field(default_factory=dict)
    learning: threading.Lock = field(default_factory=threading.Lock)

    @property
    def lasting(self) -> bool:
        """Whether the adapter outlives a scene, so that it cannot be killed."""
        return self.connector.transport == "http"

    @property
    def features(self) -> frozenset[str]:
        """What the connector claims."""
        return frozenset(self.hello.features)

    def process(self, *, stderr: Path, environment: Mapping[str, str] | None = None) -> Channel:
        """Return a process of the connector, not started yet."""
        return connector_process(self.connector, self.folder, stderr=stderr, environment=environment or {})


def connector_process(
    connector: Connector, folder: Path, *, stderr: Path, environment: Mapping[str, str]
) -> Channel:
    """Return the way to a connector, not started yet; ``environment`` is added to the file's.

    Raises Unsupported where an adapter that runs already would have to be started in another environment.
    """
    if connector.url is not None:
        if environment:
            raise Unsupported("an adapter that runs already cannot be given another environment")
        # A file that collects what a process says; this one says it elsewhere.
        stderr.touch()
        token = None if connector.token_env is None else os.environ.get(connector.token_env)
        return HttpAdapter(connector.url, token=token, deadline=connector.deadline_seconds)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    # A proxy of the host must not stand between a connector and a mock on the same machine.
    no_proxy = ",".join(filter(None, (inherited.get("NO_PROXY") or inherited.get("no_proxy"), _LOOPBACK)))
    proxies = {"NO_PROXY": no_proxy, "no_proxy": no_proxy}
    given = {}
    if connector.xsoar is not None:
        # A script's place is the file's folder, where the process runs.
        given = {SETTINGS: msgspec.json.encode(connector.xsoar).decode()}
    kind = OneshotProcess if connector.transport == "oneshot" else StdioProcess
    return kind(
        _command(connector),
        folder=folder,
        environment={**inherited, **proxies, **given, **connector.env, **environment},
        stderr=stderr,
    )


def _command(connector: Connector) -> list[str]:
    """Return what starts the connector; what is Python runs in the interpreter of the harness."""
    if connector.xsoar is not None:
        return [sys.executable, "-m", "harness.dialogue.xsoar.desk"]
    if connector.python is not None:
        return [sys.executable, "-m", "harness.dialogue.hosted", connector.python]
    return list(connector.command or ())
