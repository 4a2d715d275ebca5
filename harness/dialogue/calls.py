"""The protocol's methods as calls, above any transport.

Decides which answers of a method are acceptable at all: a refusal of ``poll`` is ordinary, one of
``hello`` is not. Judges nothing else. Rule: an unknown method is "unsupported" where a feature brings it,
and a broken protocol where everybody must know it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from harness.protocol import (
    PROTOCOL,
    UNKNOWN_METHOD,
    BadAnswer,
    Hello,
    Incident,
    Polled,
    Refusal,
    read_hello,
    read_incidents,
    read_nothing,
    read_polled,
)
from harness.verdict import Unsupported

if TYPE_CHECKING:
    from harness.dialogue.channel import Channel

#: How long a connector may take to leave after shutdown, in seconds.
_LEAVING: Final = 5.0


class Configuration(msgspec.Struct, frozen=True):
    """What ``configure`` tells a connector."""

    url: str
    token: str
    ca_file: str | None
    state_dir: str
    lookback_seconds: int
    deadline_seconds: float

    def params(self) -> dict[str, Any]:
        """Return the parameters as the protocol spells them."""
        return {
            "kuma": {"url": self.url, "token": self.token, "ca_file": self.ca_file},
            "state_dir": self.state_dir,
            "lookback_seconds": self.lookback_seconds,
            # Whole numbers stay whole: not every language reads 30.0 as one.
            "deadline_seconds": _whole(self.deadline_seconds),
        }


class Calls:
    """One connector that runs. ``deadline`` is for each answer, in seconds."""

    def __init__(self, process: Channel, *, deadline: float, harness_version: str) -> None:
        self.process = process
        self._deadline, self._version = deadline, harness_version
        self._features: frozenset[str] = frozenset()
        #: What is under way.
        self.asked = ""

    def hello(self) -> Hello:
        """Greet the connector; raises BadAnswer where it refuses."""
        harness = {"name": "kuma-harness", "version": self._version}
        hello = read_hello(self._demand("hello", {"protocol": PROTOCOL, "harness": harness}))
        self._features = frozenset(hello.features)
        return hello

    def configure(self, configuration: Configuration) -> Refusal | None:
        """Configure the connector; a refusal is handed back."""
        return self._do("configure", configuration.params(), optional=False)

    def poll(self) -> Polled | Refusal:
        """Have one complete receive cycle run."""
        answer = self._ask("poll", {})
        return answer if isinstance(answer, Refusal) else read_polled(answer)

    def begin_poll(self) -> int:
        """Have a receive cycle started without waiting for its end."""
        self.asked = "poll"
        return self.process.send("poll", {})

    def incidents(self) -> list[Incident]:
        """Return the incidents that the SOAR claims to hold; raises BadAnswer where it refuses."""
        return read_incidents(self._demand("incidents", {}), features=self._features)

    def close(self, alert_id: str, reason: str) -> Refusal | None:
        """Close an incident as an analyst would; raises Unsupported where the method is unknown."""
        return self._do("close", {"alert_id": alert_id, "reason": reason}, optional=True)

    def edit(self, alert_id: str, fields: dict[str, str]) -> Refusal | None:
        """Edit an incident as an analyst would; raises Unsupported where the method is unknown."""
        return self._do("edit", {"alert_id": alert_id, "fields": fields}, optional=True)

    def shutdown(self) -> None:
        """Have the connector leave; raises BadAnswer where it does not leave with 0."""
        self._demand("shutdown", {})
        status = self.process.stop()
        if status is None:
            raise BadAnswer(f"the connector still ran {_LEAVING:g} seconds after shutdown")
        if status != 0:
            raise BadAnswer(f"the connector left with exit status {status} after shutdown; expected 0")

    def _ask(self, method: str, params: dict[str, Any]) -> Any | Refusal:
        answer = self.process.request(method, params, deadline=self._deadline)
        if isinstance(answer, Refusal) and answer.code == UNKNOWN_METHOD:
            raise BadAnswer(f"the connector does not know the method {method}, which all must know")
        return answer

    def _demand(self, method: str, params: dict[str, Any]) -> Any:
        answer = self._ask(method, params)
        if isinstance(answer, Refusal):
            raise BadAnswer(f"{method} was answered with {answer}")
        return answer

    def _do(self, method: str, params: dict[str, Any], *, optional: bool) -> Refusal | None:
        answer = self.process.request(method, params, deadline=self._deadline)
        if isinstance(answer, Refusal):
            if answer.code == UNKNOWN_METHOD and optional:
                raise Unsupported(f"the connector does not know the method {method}")
            return answer
        read_nothing(answer, method=method)
        return None


def _whole(seconds: float) -> float | int:
    return int(seconds) if seconds == int(seconds) else seconds
