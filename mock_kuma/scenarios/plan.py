"""A scenario becomes control actions: names within the story are resolved, placeholders filled in.

``{source_ip}``, ``{user}`` and the like are those of the step's cast in the world's own organisation, and
``{alert:NAME}`` is the id of an alert raised before. Knows no database and no clock. Rule: the same
scenario, seed and play give the same actions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mock_kuma.scenarios.text import duration

if TYPE_CHECKING:
    from mock_kuma.generate import Soc
    from mock_kuma.scenarios.text import Scenario, Step

#: Braces around anything else, as in a GUID, are text.
_PLACEHOLDER: Final = re.compile(r"\{(?:alert:([^{}]+)|([a-z]\w*))\}")


@dataclass(frozen=True, slots=True)
class Action:
    """One control action: ``at`` microseconds after the beginning, ``path`` relative to the world."""

    at: int
    step: int  # counted from 0
    source: str
    method: str
    path: str
    body: dict[str, Any]


@dataclass(slots=True)
class _Telling:
    scenario: Scenario
    soc: Soc
    play: int
    alerts: dict[str, str] = field(default_factory=dict)

    def fill(self, number: int, value: Any, words: dict[str, object]) -> Any:
        """Return the value with every placeholder in its texts filled in."""
        if isinstance(value, dict):
            return {key: self.fill(number, one, words) for key, one in value.items()}
        if isinstance(value, list):
            return [self.fill(number, one, words) for one in value]
        if not isinstance(value, str):
            return value

        def known(found: re.Match[str]) -> str:
            if found[1]:
                return self.alert(number, found[1])
            if found[2] not in words:
                some = ", ".join(sorted(words))
                raise self.scenario.wrong(number, f"nothing is called {found[0]}; there are {some}")
            return str(words[found[2]])

        return _PLACEHOLDER.sub(known, value)

    def alert(self, number: int, name: str) -> str:
        """Return the id of an alert that an earlier step has raised."""
        if name not in self.alerts:
            raise self.scenario.wrong(number, f"no earlier step raises an alert as {name!r}")
        return self.alerts[name]


def plan(scenario: Scenario, soc: Soc, *, play: int) -> list[Action]:
    """Return the scenario's actions in the order of time; ``play`` tells one telling from the next."""
    telling = _Telling(scenario, soc, play)
    offsets = [duration(step.at) or 0 for step in scenario.steps]
    order = sorted(range(len(offsets)), key=lambda number: offsets[number])
    actions = []
    for number in order:
        step = scenario.steps[number]
        words = soc.words(soc.cast_number(_cast(scenario, step)))
        method, path, body = _action(telling, number, step)
        actions.append(
            Action(
                at=offsets[number],
                step=number,
                source=f"{scenario.name}, step {number + 1}",
                method=method,
                path=telling.fill(number, path, words),
                body=telling.fill(number, body, words),
            )
        )
    return actions


def length(scenario: Scenario) -> int:
    """Return how long a scenario takes as it is written, in microseconds."""
    return max((duration(step.at) or 0 for step in scenario.steps), default=0)


def _action(telling: _Telling, number: int, step: Step) -> tuple[str, str, dict[str, Any]]:
    if step.alert is not None:
        return "POST", "alerts", {"alerts": [_alert(telling, number, step)]}
    if step.change is not None:
        return _change(telling, number, dict(step.change))
    if step.grow is not None:
        path = f"alerts/{telling.alert(number, step.grow.alert)}/events"
        return "POST", path, {"generate": step.grow.events}
    if step.control is not None:
        return step.control.method, step.control.path, step.control.body
    if step.fault is not None:
        return "POST", "faults", step.fault
    path, key = ("events", "events") if step.events is not None else ("alerts", "generate")
    return "POST", path, {key: getattr(step, key)}


def _change(telling: _Telling, number: int, values: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    name = values.pop("alert", None)
    if not isinstance(name, str):
        raise telling.scenario.wrong(number, 'change: expected alert = "NAME"')
    return "PATCH", f"alerts/{telling.alert(number, name)}", values


def _alert(telling: _Telling, number: int, step: Step) -> dict[str, Any]:
    alert = dict(step.alert or {})
    name = alert.pop("as", None)
    alert.setdefault("id", telling.soc.uuid(f"scenario {telling.scenario.name} {telling.play}", number))
    if name is not None:
        if not isinstance(name, str) or name in telling.alerts:
            raise telling.scenario.wrong(number, f"as: {name!r} is no text, or an earlier alert's name")
        telling.alerts[name] = alert["id"]
    if step.over is not None:
        alert["lasted_ms"] = (duration(step.over) or 0) // 1_000
    # A wholly given alert may stand for itself; what is generated for it is its cast's.
    alert.setdefault("cast", _cast(telling.scenario, step))
    return alert


def _cast(scenario: Scenario, step: Step) -> str:
    return f"{scenario.name}/{step.cast}"
