"""The ``demisto`` object, as a script meets it during one command.

Decides what each call gives and keeps. Does not know what becomes of it (see ``desk``). Rule: what a
script may call elsewhere and not here is refused by name, never answered with something made up.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

ENTRY_ERROR: Final = 4


@dataclass(frozen=True, slots=True)
class Order:
    """One command to run, with what the server knows of the instance."""

    command: str
    params: dict[str, Any]
    args: dict[str, Any]
    last_run: dict[str, Any]
    last_mirror_run: dict[str, Any]
    context: dict[str, Any]
    instance: str = "kuma-harness"


class Outcome(msgspec.Struct):
    """What a command did. ``failure`` is what it says of itself where it failed, in the script's words.

    ``unknown``: it failed because the script has no such command.
    """

    results: list[Any] = []
    incidents: list[dict[str, Any]] = []
    last_run: dict[str, Any] = {}
    last_mirror_run: dict[str, Any] = {}
    context: dict[str, Any] = {}
    failure: str | None = None
    unknown: bool = False


class NotOffered(AttributeError):
    """The script asked for something that this runtime does not have."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.called = name

    def __str__(self) -> str:
        return f"demisto.{self.called} is not offered by the runtime of kuma-harness"


@dataclass
class Demisto:
    """What integrations call; the names are those of the documentation."""

    _order: Order
    _outcome: Outcome = field(default_factory=Outcome)

    def __post_init__(self) -> None:
        order = self._order
        self._outcome.last_run, self._outcome.context = order.last_run, order.context
        self._outcome.last_mirror_run = order.last_mirror_run

    def __getattr__(self, name: str) -> Any:
        raise NotOffered(name)

    # What the server knows

    def command(self) -> str:
        return self._order.command

    def params(self) -> dict[str, Any]:
        return self._order.params

    def args(self) -> dict[str, Any]:
        return self._order.args

    def getParam(self, param: str) -> Any:
        return self._order.params.get(param)

    def getArg(self, arg: str, defaultVal: Any = None) -> Any:
        return self._order.args.get(arg, defaultVal)

    def integrationInstance(self) -> str:
        return self._order.instance

    @property
    def callingContext(self) -> dict[str, Any]:
        order = self._order
        context = {"IntegrationInstance": order.instance, "IntegrationBrand": "KUMA"}
        return {"context": context, "command": order.command, "params": order.params, "args": order.args}

    def demistoVersion(self) -> dict[str, str]:
        # GUESS: the documentation shows the shape; scripts compare the version with what they need.
        return {"version": "6.12.0", "buildNumber": "0"}

    def demistoUrls(self) -> dict[str, str]:
        return {"server": "https://xsoar.invalid"}

    def investigation(self) -> dict[str, str]:
        return {"id": "", "user": "kuma-harness"}

    # What lasts from command to command

    def getLastRun(self) -> dict[str, Any]:
        return self._outcome.last_run

    def setLastRun(self, obj: dict[str, Any]) -> None:
        self._outcome.last_run = obj

    def getLastMirrorRun(self) -> dict[str, Any]:
        return self._outcome.last_mirror_run

    def setLastMirrorRun(self, obj: dict[str, Any]) -> None:
        self._outcome.last_mirror_run = obj

    def getIntegrationContext(self) -> dict[str, Any]:
        return self._outcome.context

    def setIntegrationContext(self, context: dict[str, Any]) -> None:
        self._outcome.context = context

    def getIntegrationContextVersioned(self, refresh: bool = False) -> dict[str, Any]:  # noqa: ARG002 -- one reader
        return {"context": self._outcome.context, "version": 1}

    def setIntegrationContextVersioned(
        self,
        context: dict[str, Any],
        version: int = -1,  # noqa: ARG002 -- one writer: no version is ever stale
        sync: bool = False,  # noqa: ARG002 -- likewise
    ) -> None:
        self._outcome.context = context

    # What a command gives back

    def incidents(self, incidents: list[dict[str, Any]] | None = None) -> None:
        """Hand over new incidents: the answer of fetch-incidents."""
        if incidents is None:
            raise NotOffered("incidents without arguments, which is for playbook scripts, ")
        self._outcome.incidents = list(incidents)

    def results(self, results: Any) -> None:
        """Hand over entries; one of type 4 says that the command failed."""
        self._outcome.results.append(results)
        for entry in results if isinstance(results, list) else [results]:
            if isinstance(entry, dict) and entry.get("Type") == ENTRY_ERROR:
                self._outcome.failure = str(entry.get("Contents") or "the command failed")

    # What goes to the log: stdout is none of a script's here

    def debug(self, msg: Any, *more: Any) -> None:
        self._say("debug", msg, *more)

    def info(self, msg: Any, *more: Any) -> None:
        self._say("info", msg, *more)

    def error(self, msg: Any, *more: Any) -> None:
        self._say("error", msg, *more)

    def log(self, msg: Any) -> None:
        self._say("log", msg)

    def updateModuleHealth(self, data: Any, is_error: bool = False) -> None:
        self._say("error" if is_error else "info", data)

    def _say(self, level: str, *words: Any) -> None:
        print(f"{self._order.command}: {level}:", *words, file=sys.stderr)  # noqa: T201 -- the log

    # Plain helpers

    @staticmethod
    def get(obj: Any, field: str, defaultParam: Any = None) -> Any:
        """Return what stands at ``a.b`` of nested dictionaries."""
        for key in field.split("."):
            if not isinstance(obj, dict) or key not in obj:
                return defaultParam
            obj = obj[key]
        return obj

    @classmethod
    def gets(cls, obj: Any, field: str) -> str:
        """Return the same as text."""
        return str(cls.get(obj, field, ""))
