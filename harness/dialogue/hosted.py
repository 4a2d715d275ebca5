"""A connector that is a Python class: ``python = "module:Class"`` answers the protocol without an adapter.

Decides how methods of an object become answers on stdout. The class runs in a Python process of its own, so
that it can be killed and checks can play side by side. Rule: stdout carries answers alone, so whatever the
class prints goes to stderr.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from typing import BinaryIO

METHODS: Final = ("hello", "configure", "poll", "incidents", "close", "edit", "shutdown")
_NO_METHOD: Final = -32601
_INTERNAL: Final = -32603
_KUMA: Final = 1


class NoSuchClass(Exception):
    """The place that the connector file names holds no class."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(place, problem)
        self.place, self.problem = place, problem

    def __str__(self) -> str:
        return f"python = {self.place!r}: {self.problem}"


def find(place: str) -> Any:
    """Return an object of the class at ``module:Class``; raises NoSuchClass."""
    module_name, _, class_name = place.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise NoSuchClass(place, f"{error}; the connector file's folder is searched first") from error
    if not hasattr(module, class_name):
        raise NoSuchClass(place, f"the module {module_name} has no {class_name!r}")
    return getattr(module, class_name)()


def answer(connector: Any, method: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return ``result`` or ``error`` for one call. The object's methods take the params as keywords.

    A method gets those that it names, or all with ``**``: the protocol may grow.
    An exception with the attribute ``retryable`` says that KUMA refused or failed; any other is a mistake
    of the connector's, told on stderr.
    """
    call = getattr(connector, method, None) if method in METHODS else None
    if call is None:
        if method == "shutdown":
            return {"result": {}}
        return {"error": {"code": _NO_METHOD, "message": f"{method} is not known"}}
    try:
        signature = inspect.signature(call)
        takes_all = any(one.kind is one.VAR_KEYWORD for one in signature.parameters.values())
        given = params if takes_all else {key: params[key] for key in params if key in signature.parameters}
        signature.bind(**given)
    except TypeError as error:
        names = ", ".join(params) or "none"
        told = f"the method {method} cannot be called: {error}; the protocol's parameters are {names}"
        return {"error": {"code": _INTERNAL, "message": told}}
    try:
        result = call(**given)
    except Exception as error:  # noqa: BLE001 -- the edge of the process: any exception of the class is an answer
        retryable = getattr(error, "retryable", None)
        if retryable is None:
            traceback.print_exc()
            return {"error": {"code": _INTERNAL, "message": f"{type(error).__name__}: {error}"}}
        data = {"retryable": bool(retryable), "http_status": getattr(error, "http_status", None)}
        return {"error": {"code": _KUMA, "message": str(error), "data": data}}
    return {"result": {} if result is None else result}


def serve(connector: Any, incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Answer request lines until shutdown or the end of the input."""
    for line in incoming:
        request = json.loads(line)
        told = answer(connector, request["method"], request.get("params") or {})
        text = json.dumps({"jsonrpc": "2.0", "id": request["id"], **told}, default=str)
        outgoing.write(text.encode() + b"\n")
        outgoing.flush()
        if request["method"] == "shutdown":
            return


def take_stdout() -> BinaryIO:
    """Return the real stdout for answers; from now on what is printed goes to stderr."""
    outgoing = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return outgoing


def main(place: str) -> int:
    """Serve the class at ``module:Class``; return the exit status."""
    outgoing = take_stdout()
    sys.path.insert(0, str(Path.cwd()))
    try:
        connector = find(place)
    except NoSuchClass as error:
        print(error, file=sys.stderr)  # noqa: T201 -- stderr is where a process says why it leaves
        return 2
    serve(connector, sys.stdin.buffer, outgoing)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
