"""In front of the vendor application: finds the world, lets faults happen, writes the journal.

The only place that knows both the wire and the journal. What a fault does to bytes is left to the wire
listener, which reads an internal header that never leaves it. Rule: an exchange is committed to the
journal before its answer is sent; what the request does is done by then, too.
"""

from __future__ import annotations

import logging
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from mock_kuma import clock, faults, ids, logs
from mock_kuma.api import gate, problems
from mock_kuma.api.plain import JSON, Reply
from mock_kuma.domain.moments import render_date
from mock_kuma.incoming import Incoming
from mock_kuma.notes import Met, Notes
from mock_kuma.store import directory
from mock_kuma.store import faults as fault_store
from mock_kuma.store.database import StoreTrouble, words
from mock_kuma.store.exchanges import Exchanges
from mock_kuma.store.revision import lasting
from mock_kuma.world import Caller, World
from mock_kuma.worlds import DEFAULT, get

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from mock_kuma.api.plain import Plain
    from mock_kuma.core import Core, Quick

log = logging.getLogger("mock_kuma.gateway")


class Gateway:
    """A WSGI application around the vendor application.

    ``plain`` answers without the application what it has a view for. ``perform`` carries out one control
    action in a world; it is what the fault ``move`` needs. ``settle`` carries out what is due in a world
    before anybody looks at it.
    """

    def __init__(
        self,
        core: Core,
        app: WSGIApplication,
        plain: Plain,
        perform: Callable[[World, faults.Step], str | None],
        settle: Callable[[str], None],
    ) -> None:
        self._core = core
        self._app = app
        self._plain = plain
        self._perform = perform
        self._settle = settle
        self._exchanges = Exchanges(core.database)
        self._notes = Notes(core)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI has it."""
        reply = self.reply(environ)
        start_response(f"{reply.status} ", reply.headers)
        return [reply.body]

    def reply(self, environ: WSGIEnvironment) -> Reply:
        """Return the answer to one request; 503 where what it did could not be written down."""
        try:
            return self._answer(environ)
        except StoreTrouble as error:
            log.error("the store cannot be used", extra=logs.fields(why=words(error)))  # noqa: TRY400 -- no traceback
            body = msgspec.json.encode(problems.ErrorBody(problems.NO_STORE, words(error)))
            return Reply(503, [JSON], body)

    def _answer(self, environ: WSGIEnvironment) -> Reply:
        started = time.perf_counter()
        sent = gate.credential(environ.get("HTTP_AUTHORIZATION"))
        revision = self._core.database.revision()
        caller, world = who(self._core, sent, revision)
        if world.is_due():
            self._settle(world.id)
            revision = self._core.database.revision()
            caller, world = who(self._core, sent, revision)
        arrival = gate.Arrival(caller, bearer=sent is not None, revision=revision)
        environ[gate.ARRIVAL] = arrival
        request = Incoming.of(environ, known=caller is not None)
        fault = self._fault(world, request)
        action = None if fault is None else fault.action
        if action is None or faults.kind(action) in faults.HANDLED_KINDS:
            reply = self._handle(environ, request, arrival)
        else:
            reply = _stand_in(action)
            arrival.reason = f"fault {faults.kind(action)}"
        if isinstance(action, faults.Move):
            for step in action.then:
                arrival.reason = self._perform(world, step) or arrival.reason
        wait = action.ms if isinstance(action, faults.Delay) else 0
        note = self._notes.make(Met(world, request, arrival, sent or "", started, fault, wait), reply)
        self._exchanges.add(note.row)
        self._notes.tell(note)
        if wait:
            clock.sleep(wait)
        if action is not None and faults.kind(action) in faults.WIRE_KINDS:
            reply.headers.append((faults.WIRE_HEADER, msgspec.json.encode(action).decode()))
        reply.headers.append(dated(world))
        return reply

    def _fault(self, world: World, request: Incoming) -> faults.Fault | None:
        if not world.faults:
            return None
        with self._core.database.write(world.id) as connection:
            known = [faults.Fault.of(row) for row in fault_store.every(connection, world.id)]
            verdict = faults.judge(known, method=request.method, path=request.path, pairs=request.pairs)
            for fault in verdict.counted:
                fired = fault is verdict.fires
                fault_store.count(connection, world.id, fault.id, fired=fired)
        return verdict.fires

    def _handle(self, environ: WSGIEnvironment, request: Incoming, arrival: gate.Arrival) -> Reply:
        view, sent = self._plain.get((request.method, request.path)), request.sent()
        if view is not None and sent is not None:
            return view(arrival, sent)
        return Reply.of(self._app, environ)


def who(core: Quick, token: str | None, revision: int | None) -> tuple[Caller | None, World]:
    """Return whose token it is, None where it is nobody's, and the world that it leads to."""
    digest = None if token is None else ids.digest(token)

    def found() -> tuple[Caller | None, World]:
        with core.database.glance() as connection:
            row = None if digest is None else directory.bearer(connection, digest)
            if row is not None:
                caller = Caller.of(row)
                return caller, caller.world
            # Whose world is meant cannot be told: the default one's journal has it.
            return None, get(connection, DEFAULT)

    return core.lasting.get(lasting(revision), digest, found)


def dated(world: World) -> tuple[str, str]:
    """Return the header that tells a world's time."""
    return "Date", render_date(world.clock.now())


def _stand_in(action: faults.Action) -> Reply:
    """Return the answer that a fault gives in the application's place."""
    match action:
        case faults.Status(status=status, message=message, headers=headers):
            text = _words(status) if message is None else message
            body = msgspec.json.encode(problems.ErrorBody(text))
            return Reply(status, [JSON, *headers.items()], body)
        case faults.Garbage():
            return Reply(200, [JSON], b'[{"id": "00000000-0000-4000-8000-000000000000", "name": "')
        case faults.Html():
            page = b"<!doctype html><title>Sign in</title><h1>Sign in to continue</h1>"
            return Reply(200, [("Content-Type", "text/html; charset=utf-8")], page)
        case faults.Redirect(location=location, status=status):
            return Reply(status, [("Location", location)], b"")
        case _:
            # What the wire does not send needs no words.
            return Reply(200, [JSON], b"")


def _words(status: int) -> str:
    if status == HTTPStatus.FORBIDDEN:
        return problems.ACCESS_DENIED.body.message
    known = status in HTTPStatus._value2member_map_
    return HTTPStatus(status).phrase.lower() if known else "error"
