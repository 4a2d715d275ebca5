"""One command of a script, in a process of its own.

Decides what the script finds when it starts: the modules that integrations import, and its own folder.
Does not know why the command is run. Rule: nothing of a command is left in this process but its outcome,
one that takes too long is ended as the server does it, and a script that crashes is told with its traceback
on stderr.
"""

from __future__ import annotations

import os
import runpy
import select
import signal
import sys
import traceback
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from harness.dialogue.xsoar import commonserver
from harness.dialogue.xsoar.demisto import Demisto, Order, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: The modules that a script imports, and that the server has in its path.
COMMON, USER, MOCK = "CommonServerPython", "CommonServerUserPython", "demistomock"


def run(script: Path, order: Order, *, environment: Mapping[str, str], seconds: float) -> Outcome:
    """Run a command to its end, or for so many seconds, and return what it did."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _play(script, order, environment=environment, writing=writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        late = not select.select([pipe], [], [], seconds)[0]
        if late:
            os.kill(child, signal.SIGKILL)
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if late:
        told = f"{order.command} was ended by the server: it took longer than {seconds:g} seconds"
        return Outcome(context=order.context, failure=told)
    if not said:
        code = os.waitstatus_to_exitcode(status)
        return Outcome(context=order.context, failure=f"{order.command} ended with {code} and said nothing")
    return msgspec.json.decode(said, type=Outcome)


def _play(script: Path, order: Order, *, environment: Mapping[str, str], writing: int) -> NoReturn:
    """Be the process of the command."""
    # The requests of the harness are not for the script to read.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(environment)
    outcome = Outcome(context=order.context)
    demisto = Demisto(order, outcome)
    try:
        names = _install(demisto, script)
        runpy.run_path(str(script), init_globals=names, run_name="__main__")
    except SystemExit as left:
        if left.code not in {None, 0} and outcome.failure is None:
            outcome.failure = f"{order.command} left with {left.code}"
    except NotImplementedError as error:
        # The documented way to say that a command is none of the script's.
        outcome.failure, outcome.unknown = f"{order.command} is not implemented: {error}", True
    except BaseException as error:  # noqa: BLE001 -- the edge of the process: whatever the script raises is told
        traceback.print_exc()
        outcome.failure = f"{order.command} raised {type(error).__name__}: {error}"
    sys.stderr.flush()
    with os.fdopen(writing, "wb") as pipe:
        # What is no JSON is told as text, as the server does.
        pipe.write(msgspec.json.encode(outcome, enc_hook=str))
    os._exit(0)


def _install(demisto: Demisto, script: Path) -> dict[str, Any]:
    """Put the modules in place; return the names that a script finds without importing anything."""
    common = ModuleType(COMMON)
    names = commonserver.names(demisto)
    common.__dict__.update(names)
    mock = ModuleType(MOCK)
    mock.__dict__["__getattr__"] = lambda name: getattr(demisto, name)
    sys.modules |= {COMMON: common, USER: ModuleType(USER), MOCK: mock}
    sys.path.insert(0, str(script.parent))
    return {**names, "demisto": demisto}
