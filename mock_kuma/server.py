"""Starts and stops the listeners: one process tree, two ports, nothing left behind.

The main process owns the ports, the data and the signals; each listener runs in a process of its own,
which ends when the main one does. Rule: the ready file is written when both listeners accept,
and not before.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mock_kuma import ports
from mock_kuma.dealer import Dealer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from multiprocessing.synchronize import Event

    from mock_kuma.carrier import Application
    from mock_kuma.settings import Settings
    from mock_kuma.tls import Certificate
    from mock_kuma.wire import Door

#: Threads for requests at once in a worker, made when they are needed; one that sleeps out a delay, or waits
#: for the rest of a body, holds one of them. The wire's listener holds none for a body that is not complete.
_THREADS = 512
#: A listener that does not accept after this many seconds never will.
_START_SECONDS = 20
#: Longer than a listener waits for its last answers.
_STOP_SECONDS = 5
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


class DidNotStart(Exception):
    """A listener ended, or never accepted."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One HTTP server: where it listens, and what answers. ``load`` is called in each of its processes.

    ``dated``: the server tells the time in each answer; otherwise the application does.
    """

    host: str
    port: int
    load: Callable[[], Application]
    dated: bool = True
    workers: int = 1
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class Wire:
    """The listener for transport faults: the doors it opens, and where the application is."""

    doors: tuple[Door, ...]
    upstream: tuple[str, int]

    @property
    def host(self) -> str:
        """Where the good door listens."""
        return str(self.doors[0].sock.getsockname()[0])

    @property
    def port(self) -> int:
        """The good door's port."""
        return int(self.doors[0].sock.getsockname()[1])

    def spoiled(self) -> dict[str, str]:
        """Return the URLs of the doors with wrong certificates, by what is wrong with them."""
        return {
            door.name: f"https://{self.host}:{door.sock.getsockname()[1]}" for door in self.doors if door.name
        }


def wire(
    settings: Settings,
    certificate: Certificate | None,
    front: socket.socket,
    hold: Callable[[socket.socket], socket.socket],
) -> Wire:
    """Return the listener for transport faults: one good door, and with TLS four that are not.

    ``hold`` takes charge of each socket, so that it is closed at the end.
    """
    from mock_kuma import tls  # noqa: PLC0415 -- where it is asked for
    from mock_kuma.wire import Door  # noqa: PLC0415 -- likewise

    doors = [Door(front, None if certificate is None else tls.context(certificate))]
    if certificate is not None:
        spoiled = tls.spoiled_certificates(settings.data_folder)
        doors += [
            Door(hold(ports.reserve(settings.host, 0)), tls.context(one), name)
            for name, one in spoiled.items()
        ]
        # Plain HTTP where a client expects TLS.
        doors.append(Door(hold(ports.reserve(settings.host, 0)), None, "plain"))
    behind = hold(ports.reserve("127.0.0.1", 0))  # it speaks plain HTTP, so nobody else may reach it
    return Wire(tuple(doors), behind.getsockname()[:2])


def listeners(
    settings: Settings, certificate: Certificate | None, wire: Wire | None
) -> dict[str, Listener | Wire]:
    """Return what is to run; with the wire, the vendor application listens behind it on plain HTTP."""
    from mock_kuma import app  # noqa: PLC0415 -- after the command line was understood
    from mock_kuma.carrier import Carrier  # noqa: PLC0415 -- likewise

    if wire is not None:
        certificate = None
    found: dict[str, Listener | Wire] = {
        "vendor": Listener(
            settings.host if wire is None else wire.upstream[0],
            settings.port if wire is None else wire.upstream[1],
            lambda: app.front(settings, app.core(settings.store, settings.events), threads=_THREADS),
            dated=False,
            workers=settings.workers,
            certificate=certificate,
        ),
        "console": Listener(
            settings.host,
            settings.console_port,
            lambda: Carrier.of(
                app.console_app(settings, app.core(settings.store, settings.events)), _THREADS
            ),
        ),
    }
    return found if wire is None else {**found, "wire": wire}


def run(
    listeners: Mapping[str, Listener | Wire],
    *,
    settle: Callable[[], None],
    ready: Callable[[], None],
    look: Callable[[], None],
) -> None:
    """Run the listeners until SIGINT or SIGTERM; call ``ready`` once all of them accept.

    ``settle`` is called first, while their processes make what will answer; none of them listens or asks the
    store before it is done. ``look`` is called twice a second. All three are, in the main process.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    context = multiprocessing.get_context("fork")
    settled = context.Event()
    with _running(context, listeners, settled) as processes:
        try:
            settle()
        except BaseException:
            for process in processes.values():
                process.kill()  # nobody is served yet, and it may not hear of SIGTERM yet
            raise
        settled.set()
        _wait_until_accepting(listeners.values(), processes.values(), stop)
        if not stop.is_set():
            ready()
        while not stop.wait(0.5):
            dead = next((name for name, process in processes.items() if not process.is_alive()), None)
            if dead is not None:
                raise DidNotStart(f"the {dead} listener has ended unexpectedly")
            look()


@contextlib.contextmanager
def _running(
    context: Any, listeners: Mapping[str, Listener | Wire], settled: Event
) -> Iterator[dict[str, Any]]:
    processes, dealers = {}, []
    for name, listener in listeners.items():
        hands: list[socket.socket | None] = [None]
        if isinstance(listener, Listener) and listener.workers > 1:
            dealers.append(Dealer(listener.host, listener.port, listener.workers))
            hands = list(dealers[-1].hands)
        for number, hand in enumerate(hands, 1):
            process = context.Process(target=_listen, args=(listener, os.getpid(), settled, hand))
            processes[f"{name} {number}"] = process
    try:
        for process in processes.values():
            process.start()
        for dealer in dealers:
            dealer.begin()
        yield processes
    finally:
        for dealer in dealers:
            dealer.stop()
        for process in processes.values():
            process.terminate()
        end = time.monotonic() + _STOP_SECONDS
        for process in processes.values():
            process.join(max(0.1, end - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()


def _listen(listener: Listener | Wire, parent: int, settled: Event, hand: socket.socket | None) -> None:
    # The main process's own would let a signal pass that comes before the server is there to hear it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    _end_with(parent)
    if isinstance(listener, Wire):
        from mock_kuma import wire  # noqa: PLC0415 -- in the process that needs it

        settled.wait()
        wire.run(listener.doors, listener.upstream)
    else:
        # Here, in the process that needs it: the main one starts sooner without.
        from mock_kuma.listener import serve  # noqa: PLC0415 -- as said

        serve(listener, settled.wait, hand)
    # Threads that sleep out a delay are not waited for.
    logging.shutdown()
    os._exit(0)


def _end_with(parent: int) -> None:
    """Ask the kernel to end this process when its parent dies, even by SIGKILL."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(0)


def _wait_until_accepting(listeners: Any, processes: Any, stop: threading.Event) -> None:
    end = time.monotonic() + _START_SECONDS
    for listener in listeners:
        while not _accepts(listener.host, listener.port) and not stop.is_set():
            if any(not process.is_alive() for process in processes):
                raise DidNotStart("a listener ended while starting; see the messages above")
            if time.monotonic() > end:
                raise DidNotStart(f"port {listener.port} did not accept in {_START_SECONDS} seconds")
            time.sleep(0.005)


def _accepts(host: str, port: int) -> bool:
    reach = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- read, not bound
    try:
        socket.create_connection((reach, port), timeout=1).close()
    except OSError:
        return False
    return True
