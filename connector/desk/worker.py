"""The worker: an incident's states, and who may move it from one to another.

Read from TOML. Rule: every transaction leads from known states to a known one, the first state is where
incidents begin, and exactly one state is final: the one that KUMA has confirmed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from connector.client import REASONS
from connector.desk.accounts import Role, Wrong
from connector.desk.documents import fitted, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.desk.commands import Command

FIELDS: Final = ("comment", "resolution")
#: The command that closes for each reason, where a template does not say.
CLOSING: Final[Mapping[str, str]] = {
    "responded": "Close incident (Responded)",
    "incorrect data": "Close incident (Incorrect Data)",
    "incorrect correlation rule": "Close incident (Incorrect Correlation Rule)",
}
_MOST: Final = 40


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A state; ``line`` is 1 or 2, or 0 where nobody works on it."""

    id: str
    name: str
    line: int = 0
    final: bool = False


class Transaction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"sources": "from"}):
    """A way between states: by whom, with which fields filled in."""

    name: str
    sources: list[str]
    to: str
    by: list[Role] = []
    fields: list[str] = []
    takes: bool = False
    closes: bool = False


class Worker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole template."""

    name: str
    states: list[State]
    transactions: list[Transaction]
    #: What may be chosen on closing, in KUMA's words, and the command that says so to KUMA.
    reasons: dict[str, str] = msgspec.field(default_factory=lambda: dict(CLOSING))

    @property
    def first(self) -> State:
        """Where incidents begin."""
        return self.states[0]

    @property
    def final(self) -> State:
        """Where they end."""
        return next(state for state in self.states if state.final)

    def state_of(self, local: Mapping[str, Any], *, is_closed: bool) -> State:
        """Return an incident's state; one that the template has no more is where it begins."""
        if is_closed:
            return self.final
        known = {state.id: state for state in self.states if not state.final}
        return known.get(str(local.get("state", "")), self.first)

    def ways(self, state: State, role: Role) -> list[tuple[int, Transaction]]:
        """Return the transactions from a state that a role may do, by their place in the template."""
        return [
            (place, way)
            for place, way in enumerate(self.transactions)
            if state.id in way.sources and role in way.by
        ]


def check(worker: Worker, commands: Iterable[Command]) -> None:
    """Raise ``Wrong`` where a template closes with a command that there is not, or that names no alert."""
    known = {command.name: command for command in commands}
    for name in worker.reasons.values():
        if name not in known:
            raise Wrong("text", "The worker closes with the command “{name}”, which there is not.", name=name)
        if not known[name].asks_alert:
            raise Wrong("text", "The worker closes with “{name}”, which has no <Alert ID>.", name=name)


def read(text: str) -> Worker:
    """Return the template of a TOML text; raises ``Wrong``."""
    worker = fitted(table(text), Worker)
    ids = [state.id for state in worker.states]
    strange = [reason for reason in worker.reasons if reason not in REASONS]
    if strange or not worker.reasons:
        known = ", ".join(REASONS)
        raise Wrong(
            "text",
            "KUMA closes for these reasons: {known}; not “{name}”",
            known=known,
            name=", ".join(strange),
        )
    if not ids or len(ids) > _MOST or len(worker.transactions) > _MOST:
        raise Wrong("text", "1 to {most} states and transactions", most=_MOST)
    if len(set(ids)) != len(ids):
        raise Wrong("text", "Two states have the same id.")
    if [state.final for state in worker.states].count(True) != 1 or worker.states[0].final:
        raise Wrong("text", "Exactly one state must be final, and not the first.")
    for way in worker.transactions:
        unknown = [name for name in (*way.sources, way.to) if name not in ids]
        unknown += [name for name in way.fields if name not in FIELDS]
        if unknown:
            raise Wrong("text", "“{way}” names what there is not: {what}", way=way.name, what=unknown[0])
        if way.closes != (way.to == worker.final.id):
            raise Wrong(
                "text", "“{way}”: what leads to the final state closes, and nothing else.", way=way.name
            )
    return worker
