"""Mutants of the reference connector without the half second that its imports take, for the whole matrix.

`serving` starts one process that has imported the reference connector; `born` has it fork a mutant that
takes over the caller's three streams, folder and environment. The rule that must stay true: to the harness
this is an ordinary process. Whatever ends the caller, a kill at any moment too, ends the mutant at once,
and the caller ends with the mutant's exit status.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MOST: Final = 1 << 20
_STREAMS: Final = 3


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Path]:
    """Run a nursery for a while; yields where it listens."""
    place = folder / "nursery"
    command = [sys.executable, "-m", "tests.harness.mutants.nursery", str(place)]
    process = subprocess.Popen(command, cwd=Path(__file__).resolve().parents[3])
    try:
        while not place.exists():
            if process.poll() is not None:
                raise SystemExit("the nursery did not start")
            time.sleep(0.02)
        yield place
    finally:
        process.terminate()
        process.wait()


def born(name: str, *, place: str) -> int:
    """Have the nursery fork the mutant `name` in our place, and return its exit status when it ends."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.connect(place)
        order = json.dumps({"name": name, "folder": str(Path.cwd()), "environment": dict(os.environ)})
        socket.send_fds(line, [len(order.encode()).to_bytes(4, "big")], [0, 1, 2])
        line.sendall(order.encode())
        # Ours must be gone, so that the mutant's are the last ones.
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(_STREAMS):
            os.dup2(nothing, stream)
        status = line.recv(1)
    return status[0] if status else 1


def serve(place: Path, run: Callable[[str], None]) -> None:
    """Fork a child for every caller, for ever; `run` plays the mutant of that name."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        # Bound under another name first: whoever sees the file can connect.
        early = place.with_suffix(".early")
        door.bind(str(early))
        door.listen(128)
        early.rename(place)
        while True:
            line, _ = door.accept()
            if os.fork() == 0:
                door.close()
                os._exit(_live(line, run))
            line.close()


def _live(line: socket.socket, run: Callable[[str], None]) -> int:
    """Become what the caller asks for; return the exit status, which the caller is told."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, streams, _, _ = socket.recv_fds(line, 4, _STREAMS)
    wanted, text = int.from_bytes(size, "big"), b""
    while len(text) < wanted:
        text += line.recv(_MOST)
    order: dict[str, Any] = json.loads(text)
    for stream, given in enumerate(streams):
        os.dup2(given, stream)
        os.close(given)
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    os.chdir(order["folder"])
    threading.Thread(target=_die_with, args=(line,), daemon=True).start()
    status = _status(run, order["name"])
    # The caller may be gone, and this process with it at any moment.
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
        line.sendall(bytes([status]))
    return status


def _status(run: Callable[[str], None], name: str) -> int:
    """What Python itself would make of how a program ends."""
    try:
        run(name)
    except SystemExit as leaving:
        if isinstance(leaving.code, str):
            print(leaving.code, file=sys.stderr)
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # noqa: BLE001 -- the edge of a process: this is where Python prints a traceback
        traceback.print_exc()
        return 1
    return 0


def _die_with(line: socket.socket) -> None:
    """The caller says nothing more: what arrives is that it has ended."""
    line.recv(1)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    # Not at the top: whoever only calls must not pay for the reference connector.
    from tests.harness.mutants.launch import play, reference

    sys.path.insert(0, str(Path(__file__).parent))
    reference()
    serve(Path(sys.argv[1]), play)
