"""In front of the vendor application: finds the world, lets faults happen, writes the journal.

The only place that knows both the wire and the journal. What a fault does to bytes is left to the wire
listener, which reads an internal header that never leaves it. Rule: an exchange is committed to the
journal before its answer is sent; what the request does is done by then, too.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from werkzeug.test import run_wsgi_app

from mock_kuma import clock, faults, ids, journal, logs
from mock_kuma.api import gate, problems
from mock_kuma.api.plain import JSON, Reply
from mock_kuma.domain.moments import render_date
from mock_kuma.incoming import Incoming
from mock_kuma.store import directory
from mock_kuma.store import faults as fault_store
from mock_kuma.store.database import StoreTrouble, lasting, words
from mock_kuma.store.exchanges import Exchange, Exchanges
from mock_kuma.world import Caller, World
from mock_kuma.worlds import DEFAULT, get

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from mock_kuma.api.plain import Plain
    from mock_kuma.core import Core

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

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; 503 where what it did could not be written down."""
        try:
            return self._answer(environ, start_response)
        except StoreTrouble as error:
            log.error("the store cannot be used", extra=logs.fields(why=words(error)))  # noqa: TRY400 -- no traceback
            body = msgspec.json.encode(problems.ErrorBody(problems.NO_STORE, words(error)))
            start_response("503 ", [JSON])
            return [body]

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()
        sent = gate.credential(environ.get("HTTP_AUTHORIZATION"))
        revision = self._core.database.revision()
        caller, world = self._who(sent, revision)
        if world.is_due():
            self._settle(world.id)
            revision = self._core.database.revision()
            caller, world = self._who(sent, revision)
        arrival = gate.Arrival(caller, bearer=sent is not None, revision=revision)
        environ[gate.ARRIVAL] = arrival
        request = Incoming(environ, known=caller is not None)
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
        self._note(world, request, reply, arrival, fault, sent or "", started, wait)
        if wait:
            clock.sleep(wait)
        if action is not None and faults.kind(action) in faults.WIRE_KINDS:
            reply.headers.append((faults.WIRE_HEADER, msgspec.json.encode(action).decode()))
        reply.headers.append(("Date", render_date(world.clock.now())))
        start_response(f"{reply.status} ", reply.headers)
        return [reply.body]

    def _who(self, token: str | None, revision: int | None) -> tuple[Caller | None, World]:
        digest = None if token is None else ids.digest(token)

        def found() -> tuple[Caller | None, World]:
            with self._core.database.glance() as connection:
                row = None if digest is None else directory.bearer(connection, digest)
                if row is not None:
                    caller = Caller.of(row)
                    return caller, caller.world
                # Whose world is meant cannot be told: the default one's journal has it.
                return None, get(connection, DEFAULT)

        return self._core.lasting.get(lasting(revision), digest, found)

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
        chunks, status, headers = run_wsgi_app(self._app, environ)
        body = b"".join(chunks)
        return Reply(int(status.split(" ", 1)[0]), list(headers.items()), body)

    def _known(self, digests: Iterable[str], stands: int | None) -> set[str]:
        def is_known(digest: str) -> bool:
            with self._core.database.glance() as connection:
                return bool(directory.known_digests(connection, [digest]))

        return {
            digest
            for digest in digests
            if self._core.lasting.get(stands, ("known", digest), partial(is_known, digest))
        }

    def _note(
        self,
        world: World,
        request: Incoming,
        reply: Reply,
        arrival: gate.Arrival,
        fault: faults.Fault | None,
        credential: str,
        started: float,
        wait: int,
    ) -> None:
        stands, kept = lasting(arrival.revision), self._core.lasting
        redactor = journal.Redactor(credential, lambda digests: self._known(digests, stands))
        path, raw, body, *values = redactor.texts(
            [
                request.path,
                request.query,
                request.body,
                *(text for pair in request.pairs for text in pair),
            ]
        )
        pairs = list(zip(values[::2], values[1::2], strict=True))
        sent = fault is None or faults.kind(fault.action) not in {
            "reset",
            "empty",
            "silence",
            "commit-then-reset",
        }
        # A client sends the same headers again and again.
        headers, trace = kept.get(
            stands,
            ("headers", credential, *request.headers),
            lambda: _headers(redactor, request.headers),
            lambda found: 2 * len(bytes(found[0])),
        )
        exchange = journal.Exchange(
            method=request.method,
            path=path,
            query=journal.Query(raw, pairs),
            headers=headers,
            body=body or None,
            status=reply.status if sent else None,
            fault=None if fault is None else {"id": fault.id, "kind": faults.kind(fault.action)},
            reason=arrival.reason,
            served=arrival.served,
            duration_ms=round((time.perf_counter() - started) * 1_000 + wait, 3),
            user=None if arrival.caller is None else arrival.caller.login,
            trace=trace,
        )
        entry = msgspec.json.encode(exchange).decode()
        self._exchanges.add(Exchange(world.id, world.clock.now(), request.method, path, entry))
        self._core.measures.exchange(
            operation=arrival.operation,
            status=exchange.status,
            seconds=exchange.duration_ms / 1_000,
            fault=None if fault is None else faults.kind(fault.action),
        )
        if log.isEnabledFor(logging.INFO):
            _tell(world, exchange)


def _headers(redactor: journal.Redactor, headers: list[tuple[str, str]]) -> tuple[msgspec.Raw, str | None]:
    """Return a request's headers as the journal has them, and the trace that they name."""
    plain = redactor.headers(headers)
    return msgspec.Raw(msgspec.json.encode(plain)), journal.trace(plain)


def _tell(world: World, exchange: journal.Exchange) -> None:
    served = msgspec.json.decode(msgspec.json.encode(exchange.served), type=list[journal.Served])
    told = logs.fields(
        status=exchange.status,
        world=world.id,
        user=exchange.user,
        query=exchange.query.raw or None,
        reason=exchange.reason,
        served=[one.alert for one in served] or None,
        fault=exchange.fault,
        ms=exchange.duration_ms,
        trace=exchange.trace,
    )
    log.info("%s %s", exchange.method, exchange.path, extra=told)


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
