"""The connector file: what a vendor writes to have a connector checked.

Decides what a valid file is, and says of any other what is wrong with it and what was probably meant.
Starts nothing and asks nobody. Rule: every mistake in the file is one clear line that names file and key.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from harness.verdict import Waiver

if TYPE_CHECKING:
    from pathlib import Path


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command of an XSOAR script, and its arguments with ``{words}`` to be filled in."""

    command: Annotated[str, Meta(min_length=1)]
    args: dict[str, str] = {}


class Xsoar(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An XSOAR integration, and what its instance is given.

    ``modified``: the script knows get-modified-remote-data; otherwise every open incident is asked for.
    ``mapping``: where an incident's fields stand in ``rawJSON``; ``close``: instead of mirroring out.
    """

    script: Annotated[str, Meta(min_length=1)]
    features: list[Literal["events", "update", "close", "mirror", "edit", "persist", "affected"]]
    params: dict[str, Any] = {}
    mapping: dict[str, Annotated[str, Meta(min_length=1)]] = {}
    reasons: dict[str, str] = {}
    close: Command | None = None
    modified: bool = True
    version: str = "1"


class Connector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the connector is reached. ``deadline_seconds`` is for one request.

    ``python`` is ``module:Class``; ``token_env`` the variable with the bearer token of an http adapter.
    """

    name: Annotated[str, Meta(min_length=1)]
    command: Annotated[list[str], Meta(min_length=1)] | None = None
    transport: Literal["stdio", "http", "oneshot", "xsoar"] = "stdio"
    python: Annotated[str, Meta(pattern=r"^[\w.]+:\w+$")] | None = None
    url: Annotated[str, Meta(pattern=r"^https?://")] | None = None
    token_env: Annotated[str, Meta(min_length=1)] | None = None
    xsoar: Xsoar | None = None
    deadline_seconds: Annotated[float, Meta(gt=0, le=3600)] = 30.0
    env: dict[str, str] = {}


class ConnectorFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    connector: Connector
    waiver: list[Waiver] = []


class BadFile(Exception):
    """The connector file cannot be used."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(path, problem)
        self.path, self.problem = path, problem

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}"


_KEYS: Final[dict[str, type[msgspec.Struct]]] = {"connector": Connector, "waiver": Waiver}


def read(path: Path, *, requirements: frozenset[str]) -> ConnectorFile:
    """Return the file's content; ``requirements`` are the ids that a waiver may name."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise BadFile(path, f"cannot be read: {why}") from error
    except UnicodeDecodeError as error:
        raise BadFile(path, "is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise BadFile(path, f"is not TOML: {error}") from error
    _check_keys(path, content)
    try:
        file = msgspec.convert(content, ConnectorFile)
    except msgspec.ValidationError as error:
        raise BadFile(path, _plain(str(error))) from error
    _check_way(path, file.connector)
    _check_token(path, file.connector)
    for waiver in file.waiver:
        if waiver.requirement not in requirements:
            problem = f"waiver: there is no requirement {waiver.requirement!r}"
            raise BadFile(path, problem + meant(waiver.requirement, requirements))
    return file


def meant(word: str, known: frozenset[str] | list[str]) -> str:
    """Return "; did you mean ...?", or nothing where no known word is near."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def _check_keys(path: Path, content: dict[str, Any]) -> None:
    """Refuse keys that nobody knows: a typing mistake must not silently change a run."""
    _check(path, content, where="", known=sorted(_KEYS))
    for table, shape in _KEYS.items():
        known = list(shape.__struct_fields__)
        given = content.get(table)
        for entry in given if isinstance(given, list) else [given]:
            if isinstance(entry, dict):
                _check(path, entry, where=f"{table}.", known=known)


#: What each transport needs, one of them; the others would be ignored, so they are refused.
_WAYS: Final[dict[str, tuple[str, ...]]] = {
    "stdio": ("command", "python"),
    "oneshot": ("command",),
    "http": ("url",),
    "xsoar": ("xsoar",),
}
#: What may stand in braces in a parameter of an XSOAR instance, and in an argument of its close command.
_PARAM_WORDS: Final = frozenset({"url", "token", "ca_file", "lookback_seconds"})
_CLOSE_WORDS: Final = frozenset({"alert_id", "incident_id", "reason"})
#: The fields of an incident that a mapping may place.
_MAPPED: Final = frozenset({
    "alert_id", "name", "priority", "first_seen", "last_seen", "event_ids", "tenant_id", "overflow",
    "assignee", "kuma_status", "close_reason", "assets", "accounts", "dbotMirrorId", "dbotMirrorDirection",
})  # fmt: skip


def _check_way(path: Path, connector: Connector) -> None:
    """Refuse a connector file that does not say, or says twice, how the connector is reached."""
    wanted = _WAYS[connector.transport]
    given = [key for key in ("command", "python", "url", "xsoar") if getattr(connector, key) is not None]
    if not given and "command" in wanted:
        raise BadFile(path, "connector: missing command")
    if len(given) != 1 or given[0] not in wanted:
        told = " and ".join(given) or "none of them"
        raise BadFile(
            path,
            f"connector: transport {connector.transport} needs {' or '.join(wanted)}; there is {told}",
        )
    if connector.xsoar is not None:
        _check_xsoar(path, connector.xsoar)


def _check_xsoar(path: Path, xsoar: Xsoar) -> None:
    """Refuse a script that is not there, and words and fields that nobody would fill or read."""
    where = "connector.xsoar"
    script = path.parent / xsoar.script
    if not script.is_file():
        raise BadFile(path, f"{where}.script: there is no file {script}")
    for field in xsoar.mapping:
        if field not in _MAPPED:
            raise BadFile(path, f"{where}.mapping: unknown field {field!r}{meant(field, _MAPPED)}")
    closing = {} if xsoar.close is None else xsoar.close.args
    for table, values, known in (
        ("params", xsoar.params, _PARAM_WORDS), ("close.args", closing, _CLOSE_WORDS),
    ):  # fmt: skip
        for word in _words(values):
            if word not in known:
                told = f"{where}.{table}: nothing fills {{{word}}}{meant(word, known)}"
                raise BadFile(path, f"{told}; there are {', '.join(sorted(known))}")
    if xsoar.close is not None and "close" not in xsoar.features:
        raise BadFile(path, f"{where}.close: the features do not claim close")


def _words(value: Any) -> list[str]:
    """Return what stands in braces, however deep."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [word for one in inner for word in _words(one)]
    return re.findall(r"{(\w+)}", value) if isinstance(value, str) else []


def _check_token(path: Path, connector: Connector) -> None:
    """Refuse a variable that holds no token: every request would be refused, and nobody would know why."""
    name = connector.token_env
    if name is None:
        return
    if connector.transport != "http":
        raise BadFile(path, f"connector: token_env is for transport http; this is {connector.transport}")
    if not os.environ.get(name):
        raise BadFile(path, f"connector: the variable {name}, which token_env names, is not set or empty")


def _check(path: Path, given: dict[str, Any], *, where: str, known: list[str]) -> None:
    for key in given:
        if key not in known:
            raise BadFile(path, f"unknown key {where + key!r}{meant(key, known)}")


def _plain(problem: str) -> str:
    what, _, where = problem.partition(" - at ")
    place = where.strip("`").removeprefix("$").removeprefix(".").replace("[...]", "")
    what = what.replace("`", "").replace(" | null", "").replace("Object missing required field", "missing")
    what = what[:1].lower() + what[1:]
    return f"{place}: {what}" if place else what
