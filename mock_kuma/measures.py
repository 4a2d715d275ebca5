"""What Prometheus may know of a server: counters and durations of what its vendor port did.

One for each database that is opened, with a registry of its own. The processes of a server add theirs up in a
folder of memory-mapped files, which Prometheus' library finds by its environment variable; where there is
none, a process counts alone. Knows no HTTP. Rule: a label takes its values from a closed set, such as the
vendor's operations; nothing that a client has written becomes one.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client import CollectorRegistry, Counter, Histogram

#: Where the processes of one server put their counts; set before the library is imported.
FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
#: The operation of a request that no route took, or that a fault answered in its place.
NO_ROUTE: Final = "none"
#: What stands for the status where nothing was answered.
NO_ANSWER: Final = "none"
_AT_ONCE: Final = (1, 2, 4, 8, 16, 32)
#: Bounds in seconds: an answer takes milliseconds, a page of large alerts or a delay takes more.
_BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


@dataclass(frozen=True, slots=True)
class _Counts:
    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram
    faults: Counter
    together: Histogram
    found: dict[tuple[str | None, int | None], tuple[Counter, Histogram]] = field(default_factory=dict)

    def find(self, operation: str | None, status: int | None) -> tuple[Counter, Histogram]:
        """Return what counts an operation's answers of a status, and their durations."""
        name, answered = operation or NO_ROUTE, NO_ANSWER if status is None else str(status)
        pair = self.requests.labels(name, answered), self.seconds.labels(name)
        self.found[operation, status] = pair
        return pair


class Measures:
    """The counts of one server's vendor port, as far as this process knows them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: _Counts | None = None

    def exchange(
        self, *, operation: str | None, status: int | None, seconds: float, fault: str | None
    ) -> None:
        """Count a request and its answer; ``fault`` is the kind of the fault that it met."""
        counts = self._made or self._counts()
        # Looked up once: the library makes texts of labels and takes a lock whenever it is asked for one.
        request, duration = counts.found.get((operation, status)) or counts.find(operation, status)
        request.inc()
        duration.observe(seconds)
        if fault is not None:
            counts.faults.labels(fault).inc()

    def together(self, count: int) -> None:
        """Count so many requests that were answered together."""
        (self._made or self._counts()).together.observe(count)

    def text(self, gauges: Mapping[str, tuple[str, float]]) -> bytes:
        """Return all counts as Prometheus reads them, and gauges: name to what it says, and its value."""
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 -- see _counts

        now = CollectorRegistry()
        now.register(_Gauges(gauges))
        return generate_latest(self._everything()) + generate_latest(now)

    def _everything(self) -> CollectorRegistry:
        from prometheus_client import CollectorRegistry  # noqa: PLC0415 -- see _counts
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415 -- likewise

        folder = os.environ.get(FOLDER)
        if folder is None:
            return self._counts().registry
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call] # it has no types
        return registry

    def _counts(self) -> _Counts:
        with self._lock:  # one name may be registered once
            if self._made is None:
                self._made = _make()
            return self._made


class _Gauges:
    """What is looked up when somebody asks."""

    def __init__(self, gauges: Mapping[str, tuple[str, float]]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 -- see _make

        for name, (words, value) in self._gauges.items():
            yield GaugeMetricFamily(name, words, value=value)


def _make() -> _Counts:
    # Imported at the first request: a server starts sooner, and nothing else needs it.
    from prometheus_client import CollectorRegistry, Counter, Histogram  # noqa: PLC0415 -- as said

    registry = CollectorRegistry()
    return _Counts(
        registry,
        Counter(
            "mock_kuma_requests",
            "Requests on the vendor port, by the vendor's operation and the status answered.",
            ("operation", "status"),
            registry=registry,
        ),
        Histogram(
            "mock_kuma_request_seconds",
            "From a request's arrival to its answer, a fault's delay included.",
            ("operation",),
            registry=registry,
            buckets=_BOUNDS,
        ),
        Counter("mock_kuma_faults_fired", "Faults that fired, by kind.", ("kind",), registry=registry),
        Histogram(
            "mock_kuma_together",
            "Brief requests that were answered together, in the same transactions.",
            registry=registry,
            buckets=_AT_ONCE,
        ),
    )
