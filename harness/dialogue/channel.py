"""What every transport offers to the calls above it.

Decides the shape alone. Rule: a request is answered with a result, a Refusal or a ConnectorBroken, and
after ``kill`` nothing that the transport has started still runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from harness.protocol import Refusal


class Channel(Protocol):
    """One connector that can be talked to. Deadlines and waits are in seconds."""

    def start(self) -> None:
        """Make ready for the first request; raises NotStarted."""

    def send(self, method: str, params: dict[str, Any]) -> int:
        """Send a request without waiting; return its number."""

    def answered(self, *, within: float) -> bool:
        """Say whether there is something to read."""

    def receive(self, number: int, method: str, *, deadline: float) -> Any | Refusal:
        """Return the answer to a request; raises a ConnectorBroken."""

    def request(self, method: str, params: dict[str, Any], *, deadline: float) -> Any | Refusal:
        """Send a request and return its answer."""

    def stop(self) -> int | None:
        """Let the connector leave after its shutdown; return the exit status, None where it stayed."""

    def end(self) -> None:
        """End what was started at once, from any thread."""

    def kill(self) -> None:
        """End what was started, and clean up; harmless when it has ended already."""
