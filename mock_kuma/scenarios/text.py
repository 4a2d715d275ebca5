"""A scenario's file: read strictly, and every mistake named with its line.

Knows the shape of a step, and nothing of what the control API makes of it. Rule: what this module lets pass
can be planned; whether the mock accepts it is seen by telling it (``mock-kuma scenarios``).
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from pathlib import Path

_STEP: Final = re.compile(r"\s*\[\[\s*step\s*\]\]")
_LINE: Final = re.compile(r"\(at line (\d+),.*|\(at end of document\)")
_PLACE: Final = re.compile(r"\$\.step\[(\d+)\]\.?(\w+)?(.*)")
_DURATION: Final = re.compile(r"\+?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?")
#: Actions that would change the agenda while it is settled.
_BARRED: Final = ("scenarios", "agenda", "restore")
_UNITS_MS: Final = (86_400_000, 3_600_000, 60_000, 1_000, 1)
_KINDS: Final = ("alert", "generate", "grow", "change", "events", "fault", "control")

Technique = Annotated[str, Meta(pattern=r"^T\d{4}(\.\d{3})?$")]
_Text = Annotated[str, Meta(min_length=1)]


class WrongScenario(Exception):
    """A scenario's file is wrong: where, and why."""

    def __init__(self, file: str, line: int, problem: str) -> None:
        super().__init__(file, line, problem)
        self.file, self.line, self.problem = file, line, problem

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.problem}"


class Grow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """New correlation data for an alert that an earlier step has raised."""

    alert: _Text
    events: Annotated[int, Meta(ge=1, le=100_000)] = 1


class Control(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Any other control action; ``path`` is relative to the world."""

    method: _Text
    path: _Text
    body: dict[str, Any] = {}


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One moment of a story: when, and exactly one thing that happens.

    ``cast`` names the people and machines that take part; steps of one cast share them.
    """

    at: str = "+0s"
    say: str = ""  # what somebody at the console would make of it
    cast: _Text = "main"
    over: str | None = None  # of an alert: how long before ``at`` it was first seen
    alert: dict[str, Any] | None = None  # as in POST alerts; ``as`` gives it a name within the story
    generate: dict[str, Any] | None = None
    grow: Grow | None = None
    change: dict[str, Any] | None = None  # as in PATCH; ``alert`` is the name within the story
    events: list[dict[str, Any]] | None = None  # as in POST events
    fault: dict[str, Any] | None = None
    control: Control | None = None

    @property
    def kinds(self) -> list[str]:
        """Return what happens; exactly one thing in a sound step."""
        return [kind for kind in _KINDS if getattr(self, kind) is not None]


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of a scenario's file."""

    title: _Text
    about: str = ""
    techniques: tuple[Technique, ...] = ()  # MITRE ATT&CK, in the order of the story
    step: tuple[Step, ...] = ()


class Scenario(msgspec.Struct, frozen=True):
    """A scenario as it was read, and where its steps stand."""

    name: str
    file: str
    title: str
    about: str
    techniques: tuple[str, ...]
    steps: tuple[Step, ...]
    lines: tuple[int, ...]

    def wrong(self, step: int, problem: str) -> WrongScenario:
        """Return a mistake in a step, counted from 0."""
        return WrongScenario(self.file, self.lines[step], f"step {step + 1}: {problem}")


def read(path: Path) -> Scenario:
    """Read a scenario's file, or raise what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except OSError as error:
        raise WrongScenario(
            str(path), 1, f"cannot be read: {(error.strerror or str(error)).lower()}"
        ) from error
    except UnicodeDecodeError as error:
        line = path.read_bytes().count(b"\n", 0, error.start) + 1
        raise WrongScenario(str(path), line, "is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        place = _LINE.search(str(error))
        line = int(place[1]) if place and place[1] else text.count("\n") + 1
        raise WrongScenario(str(path), line, _LINE.sub("", str(error)).strip()) from error
    lines = tuple(number for number, line in enumerate(text.splitlines(), 1) if _STEP.match(line))
    try:
        file = msgspec.convert(raw, File)
    except msgspec.ValidationError as error:
        raise _shaped_wrong(str(path), text, lines, str(error)) from error
    # Steps in a form without headers of their own stand in the first line, as far as messages go.
    lines = lines if len(lines) == len(file.step) else (1,) * len(file.step)
    scenario = Scenario(path.stem, str(path), file.title, file.about, file.techniques, file.step, lines)
    for number, step in enumerate(scenario.steps):
        _check(scenario, number, step)
    return scenario


def duration(text: str) -> int | None:
    """Return a duration such as ``+1h30m`` in microseconds, or None."""
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    parts = zip(found.groups(), _UNITS_MS, strict=True)
    return sum(int(count or 0) * unit for count, unit in parts) * 1_000


def _check(scenario: Scenario, number: int, step: Step) -> None:
    if len(step.kinds) != 1:
        found = " and ".join(step.kinds) or "nothing"
        raise scenario.wrong(number, f"expected exactly one of {', '.join(_KINDS)}; found {found}")
    for name, text in (("at", step.at), ("over", step.over)):
        if text is not None and duration(text) is None:
            raise scenario.wrong(number, f"{name}: {text!r} is no duration such as +5m, +1h30m or +250ms")
    if step.over is not None and step.alert is None:
        raise scenario.wrong(number, "over: only an alert has it")
    if step.control is not None and step.control.path.strip("/").split("/")[0] in ("", *_BARRED):
        raise scenario.wrong(number, f"control.path: a scenario cannot ask for {step.control.path!r}")


def _shaped_wrong(file: str, text: str, lines: tuple[int, ...], message: str) -> WrongScenario:
    problem, _, at = message.partition(" - at ")
    place = _PLACE.fullmatch(at.strip("`"))
    if place is None:
        return WrongScenario(file, 1, message.replace("`$.", "`"))
    number, key = int(place[1]), place[2]
    line = lines[number] if number < len(lines) else 1
    for offset, content in enumerate(text.splitlines()[line:], line + 1):
        if _STEP.match(content):
            break
        if key and re.match(rf"\s*{key}\b", content):
            line = offset
            break
    where = f"{key}{place[3]}: " if key else ""
    return WrongScenario(file, line, f"step {number + 1}: {where}{problem}")
