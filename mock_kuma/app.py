"""The only wiring: a database becomes two applications, one for each listener."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import EnvironBuilder, run_wsgi_app

from mock_kuma import agenda, control, shapes
from mock_kuma.api import vendor
from mock_kuma.batch import Batch
from mock_kuma.control import app as control_app
from mock_kuma.control import health
from mock_kuma.core import Core
from mock_kuma.faults import WIRE_HEADER
from mock_kuma.front import Front
from mock_kuma.gateway import Gateway
from mock_kuma.generate import Soc
from mock_kuma.measures import Measures
from mock_kuma.notes import Notes
from mock_kuma.openapi import pages as documents
from mock_kuma.store.database import Database, Within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask
    from sqlalchemy import Connection

    from mock_kuma.faults import Step
    from mock_kuma.settings import Settings
    from mock_kuma.world import World

#: So many generated organisations are kept at hand; another is made anew from its seed.
_SOCS = 256


def core(store: str, events: str | None = None) -> Core:
    """Open the database that ``store`` names; events are searched in the ClickHouse that ``events`` names."""
    shapes.learn("mock_kuma")
    database = Database(store)
    clickhouse = None
    if events is not None:
        from mock_kuma.store.clickhouse import ClickHouse  # noqa: PLC0415 -- most servers have none

        clickhouse = ClickHouse(events, database)
    return Core(database, lru_cache(maxsize=_SOCS)(Soc), Measures(), clickhouse=clickhouse)


def vendor_app(settings: Settings, shared: Core) -> Gateway:
    """Return what answers on the vendor port."""
    inside = _inside(shared, settings)

    def perform(world: World, step: Step) -> str | None:
        problem = _perform(inside(), world.id, step)
        return None if problem is None else f"move: {step.method} {step.path} answered {problem}"

    inner = vendor.build(shared, strict=settings.strict)
    # What is strict looks at every answer once more.
    plain = {} if settings.strict else vendor.plain_views(shared)
    return Gateway(shared, inner, plain, perform, _settler(shared, performer(settings, shared.soc)))


def front(settings: Settings, shared: Core, *, threads: int) -> Front:
    """Return what answers on the vendor port as its HTTP server asks."""
    held = shared.database.joint()
    batch = None if held is None or settings.strict else Batch(shared, held, Notes(shared))
    return Front(vendor_app(settings, shared), batch, threads)


class Console:
    """What answers on the console port: the control API with documents, and the pages.

    The pages are made when somebody first looks, and what a page lets try when somebody first tries it: a
    server that only programs use does not spend the time.
    """

    def __init__(
        self, core: Core, api: Flask, pages: Callable[[], Flask], vendor: Callable[[], WSGIApplication]
    ) -> None:
        self.core, self.api = core, api
        self.pages = cache(pages)
        self._tried = cache(lambda: DispatcherMiddleware(api, {documents.TRY: _without_wire(vendor())}))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        is_api = any(
            path == one or path.startswith(f"{one}/")
            for one in (control.PREFIX, *health.PATHS, *documents.PREFIXES)
        )
        if path.startswith(f"{documents.TRY}/"):
            return self._tried()(environ, start_response)
        return (self.api if is_api else self.pages())(environ, start_response)


def console_app(settings: Settings, shared: Core) -> Console:
    """Return what answers on the console port."""
    api = _control(shared, settings, token_digest=settings.control_digest)
    api.register_blueprint(documents.blueprint())
    return Console(shared, api, lambda: _pages(settings, shared), lambda: vendor_app(settings, shared))


def _pages(settings: Settings, shared: Core) -> Flask:
    from mock_kuma.console import app as pages  # noqa: PLC0415 -- see Console
    from mock_kuma.console import control_client  # noqa: PLC0415 -- likewise

    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return pages.build(
        shared,
        control=control_client.client(_inside(shared, settings)),
        control_digest=settings.control_digest,
        cookie=f"mock_kuma_{settings.console_port}",
        settle=_settler(shared, performer(settings, shared.soc)),
        api=f"{'https' if settings.tls else 'http'}://{host}:{settings.port}",
    )


def performer(settings: Settings, soc: Callable[[str], Soc]) -> agenda.Perform:
    """Return what carries out an action of an agenda, in the transaction that settles it."""
    within = Within()

    @cache
    def inside() -> Flask:
        return control_app.build(
            Core(within, soc, Measures()),
            token_digest=None,
            wire=settings.wire,
            kuma_version=settings.kuma_version,
            perform=_refuse,
        )

    def perform(connection: Connection, world: str, step: Step) -> str | None:
        with within.held(connection):
            return _perform(inside(), world, step)

    return perform


def _inside(shared: Core, settings: Settings) -> Callable[[], Flask]:
    """Return what makes a control application for the mock's own use, when it is first needed."""
    return cache(lambda: _control(shared, settings, token_digest=None))


def _control(shared: Core, settings: Settings, *, token_digest: str | None) -> Flask:
    return control_app.build(
        shared,
        token_digest=token_digest,
        wire=settings.wire,
        kuma_version=settings.kuma_version,
        perform=performer(settings, shared.soc),
    )


def _without_wire(app: WSGIApplication) -> WSGIApplication:
    """Return the application as it is where no wire listener stands in front of it."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [pair for pair in headers if pair[0] != WIRE_HEADER], *rest)

        return app(environ, start)

    return answer


def _settler(shared: Core, perform: agenda.Perform) -> Callable[[str], None]:
    def settle(world: str) -> None:
        with shared.database.write(world) as connection:
            agenda.settle(connection, world, perform)

    return settle


def _refuse(_connection: Connection, _world: str, step: Step) -> str:
    return f"{step.method} {step.path}: an action of an agenda makes no agenda"


def _perform(app: WSGIApplication, world: str, step: Step) -> str | None:
    """Carry out one control action in a world; return what was answered if it was refused."""
    builder = EnvironBuilder(
        method=step.method,
        path=f"{control.PREFIX}/worlds/{world}/{step.path.lstrip('/')}",
        data=b"" if step.body is None else msgspec.json.encode(step.body),
    )
    chunks, status, _ = run_wsgi_app(app, builder.get_environ(), buffered=True)
    if status.startswith("2"):
        return None
    answer: dict[str, Any] = msgspec.json.decode(b"".join(chunks))
    return f"{status}: {answer['message']}"
