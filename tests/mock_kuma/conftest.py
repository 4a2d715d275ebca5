"""A mock in the test's own process: both applications over one database, no sockets."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client

from mock_kuma import app, ids, installation
from mock_kuma.settings import Settings
from tests import postgres
from tests.clickhouse import server as clickhouse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from werkzeug.test import TestResponse

CONTROL_TOKEN = "control-secret"


@dataclass(frozen=True)
class World:
    """One world, with both doors to it."""

    id: str
    token: str
    tenant: str
    kuma: Kuma

    def control(self, method: str, path: str, body: Any = None, *, status: int | None = None) -> Any:
        """Do a control action relative to the world; return the answer's JSON."""
        return self.kuma.control(method, f"/worlds/{self.id}/{path}".rstrip("/"), body, status=status)

    def vendor(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Send a vendor request with the world's token."""
        return self.kuma.vendor(method, path, body, token=self.token, **headers)

    def alerts(self, query: str = "", version: str = "v1") -> Any:
        """Search for alerts; return the answer's JSON."""
        response = self.vendor("GET", f"/{version}/alerts?{query}")
        assert response.status_code == 200, response.text
        return response.json

    def raise_alerts(self, *alerts: dict[str, Any]) -> list[str]:
        """Give alerts; return their ids."""
        answer = self.control("POST", "alerts", {"alerts": list(alerts)}, status=201)
        return list(answer["ids"])

    def generate(self, count: int, **options: Any) -> list[str]:
        """Generate alerts; return their ids."""
        answer = self.control("POST", "alerts", {"generate": {"count": count, **options}}, status=201)
        return list(answer["ids"])

    def journal(self) -> list[Any]:
        """Return the journal's exchanges."""
        return list(self.control("GET", "journal", status=200)["exchanges"])

    def with_user(self, *roles: dict[str, Any], **options: Any) -> World:
        """Return this world as another user sees it."""
        body = {"name": "somebody", "roles": list(roles), **options}
        user = self.control("POST", "users", body, status=201)["id"]
        token = self.control("POST", f"users/{user}/token", {}, status=201)["token"]
        return replace(self, token=token)


@dataclass(frozen=True)
class Kuma:
    """Both applications of one mock."""

    vendor_client: Client
    console_client: Client
    default_token: str

    def control(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = CONTROL_TOKEN,
        status: int | None = None,
    ) -> Any:
        """Do a control action; return the answer's JSON, or None."""
        response = self.console_client.open(
            f"/control/v1{path}",
            method=method,
            json=body,
            headers={"Authorization": f"Bearer {token}"},
        )
        if status is not None:
            assert response.status_code == status, response.text
        return response.json if response.data else None

    def vendor(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str
    ) -> TestResponse:
        """Send a vendor request; ``body`` is bytes, or anything that becomes JSON."""
        sent = {} if token is None else {"Authorization": f"Bearer {token}"}
        payload: dict[str, Any] = {"data": body} if isinstance(body, bytes) else {"json": body}
        return self.vendor_client.open(f"/api{path}", method=method, headers=sent | headers, **payload)

    def world(self, **options: Any) -> World:
        """Make a world."""
        made = self.control("POST", "/worlds", {"seed": 1, **options}, status=201)
        return World(made["world"], made["token"], made["tenant"], self)


@contextmanager
def store(tmp_path: Path) -> Iterator[str]:
    """Make an empty store: a file, or a database of the PostgreSQL on which these tests are run."""
    server = os.environ.get(postgres.VARIABLE)
    if server is None:
        yield f"sqlite:///{tmp_path}/mock.db"
        return
    with postgres.database(server) as url:
        yield url


@contextmanager
def started(
    tmp_path: Path, *, strict: bool = False, on: str | None = None, events: str | None = None
) -> Iterator[Kuma]:
    """Make a mock, and close its database at the end; ``on`` is its store, else one is made.

    ``events`` is the ClickHouse that searches, else the one on which these tests are run, if there is one.
    """
    with ExitStack() as stack:
        settings = Settings(
            host="127.0.0.1",
            port=0,
            console_port=0,
            tls=False,
            store=on or stack.enter_context(store(tmp_path)),
            data_folder=tmp_path,
            control_digest=ids.digest(CONTROL_TOKEN),
            workers=1,
            wire=True,
            kuma_version="3.2",
            seed="1",
            strict=strict,
            events=events or os.environ.get(clickhouse.VARIABLE),
        )
        token = installation.prepare(settings, None)
        if settings.events is not None:
            stack.enter_context(installation.event_storage(settings, temporary=True))
        core = app.core(settings.store, settings.events)
        stack.callback(core.database.close)
        if core.clickhouse is not None:
            stack.callback(core.clickhouse.close)
        yield Kuma(Client(app.vendor_app(settings, core)), Client(app.console_app(settings, core)), token)


@pytest.fixture
def kuma(tmp_path: Path) -> Iterator[Kuma]:
    """A mock of one's own, for tests of what holds for a whole installation of it."""
    with started(tmp_path) as mock:
        yield mock


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kuma]:
    """One mock for the whole run, of the newest documented release that answers every API version."""
    with started(tmp_path_factory.mktemp("standing")) as mock:
        yield mock


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """A new world: on the test's own mock if it asks for one, else on the one that stands."""
    own = "kuma" in request.fixturenames
    made: Kuma = request.getfixturevalue("kuma" if own else "standing")
    return made.world()
