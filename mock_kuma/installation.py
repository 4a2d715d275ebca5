"""What has to exist before a server can listen: database, default world, tokens, certificates.

Rule: a secret is told once, to whoever starts the server, and kept only as a digest.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from mock_kuma import agenda, app, ids, worlds
from mock_kuma.actions import sign_ins
from mock_kuma.clock import Clock
from mock_kuma.generate import Soc
from mock_kuma.store import directory
from mock_kuma.store import worlds as store
from mock_kuma.store.database import Database, NotUnicode, StoreTrouble, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from mock_kuma.scenarios import Scenario
    from mock_kuma.settings import Settings


class NoStore(Exception):
    """The database cannot be opened."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What the ready file tells, field by field as in the command-line contract."""

    api: str
    console: str
    token: str
    control_token: str
    ca_file: str | None
    world: str
    pid: int
    seed: int | str
    password: str  # of the default world's administrator, whose login is admin
    #: With the wire: URLs of listeners whose certificates are wrong, by what is wrong with them.
    spoiled: dict[str, str] | None = None


def new_seed() -> str:
    """Return a random seed."""
    return str(secrets.randbelow(2**31))


def prepare(
    settings: Settings, token: str | None, scenario: Scenario | None = None, *, password: str | None = None
) -> str:
    """Make the tables and the default world where they are missing; return its administrator's token.

    Raises NoStore, WrongScenario.
    """
    create(settings)
    return settle(settings, token, scenario, password=password)


def create(settings: Settings) -> None:
    """Make the tables where they are missing. Raises NoStore."""
    _opened(settings.store).close()


def settle(
    settings: Settings, token: str | None, scenario: Scenario | None = None, *, password: str | None = None
) -> str:
    """Make the default world where it is missing; return its administrator's token.

    A new one has the scenario's story behind it. On a store that is used again the data stay, and the
    administrator gets token and password anew. Raises NoStore, WrongScenario.
    """
    database = Database(settings.store)
    try:
        return _settled(database, settings, token, scenario, password)
    except StoreTrouble as error:
        raise NoStore(f"cannot use the store {_shown(settings.store)}: {words(error)}") from error
    finally:
        database.close()


@contextmanager
def event_storage(settings: Settings, *, temporary: bool) -> Iterator[None]:
    """Make ClickHouse ready for this store; what a temporary store left there goes at the end.

    Raises NoStore.
    """
    from mock_kuma.store.clickhouse import ClickHouse, NoClickHouse  # noqa: PLC0415 -- most servers have none

    database = Database(settings.store)
    try:
        with closing(ClickHouse(settings.events or "", database)) as storage:
            storage.prepare()
            database.close()  # the listeners' processes begin without connections
            yield
            if temporary:
                storage.forget()
    except NoClickHouse as error:
        raise NoStore(str(error)) from error
    finally:
        database.close()


def _shown(store: str) -> str:
    # An address may have a password in it, which no message repeats.
    return re.sub(r":[^:/@]*@", ":***@", store)


def _settled(
    database: Database, settings: Settings, token: str | None, scenario: Scenario | None, password: str | None
) -> str:
    with database.write() as connection:
        if store.find(connection, worlds.DEFAULT) is None:
            secret = _make(connection, settings, scenario, name=worlds.DEFAULT, token=token).token
        else:
            world = worlds.get(connection, worlds.DEFAULT)
            user = next(row.id for row in directory.users(connection, world.id) if row.login == "admin")
            secret = worlds.give_token(connection, world, user, expires=None, token=token)
        if password is not None:
            administrator = directory.first_user(connection, worlds.DEFAULT)
            sign_ins.give_password(connection, worlds.DEFAULT, administrator, password)
    return secret


def _opened(store: str) -> Database:
    shown = _shown(store)
    try:
        known = make_url(store).get_backend_name() in {"sqlite", "postgresql"}
    except (ArgumentError, ValueError):
        known = False
    if not known:
        raise NoStore(f"cannot use the store {shown}: it is no sqlite:///FILE and no postgresql:// address")
    try:
        database = Database(store)
    except ModuleNotFoundError as error:
        raise NoStore("PostgreSQL needs its driver: pip install 'mock-kuma[postgres]'") from error
    try:
        database.create()
    except NotUnicode as error:
        database.close()
        raise NoStore(f"cannot use the store {shown}: {error}") from error
    except StoreTrouble as error:
        database.close()
        raise NoStore(f"cannot use the store {shown}: {words(error)}") from error
    return database


def retell(settings: Settings, scenario: Scenario) -> None:
    """Let the default world begin anew with a scenario's story; its tokens, journal and faults stay.

    Raises WrongScenario, and then nothing has changed.
    """
    with closing(Database(settings.store)) as database, database.write() as connection:
        fresh = _make(connection, settings, scenario, name=None, token=None).world.id
        store.overwrite(connection, fresh, worlds.DEFAULT)
        store.remove(connection, fresh)


def _make(
    connection: Connection,
    settings: Settings,
    scenario: Scenario | None,
    *,
    name: str | None,
    token: str | None,
) -> worlds.NewWorld:
    soc = Soc(settings.seed)
    made = worlds.make(
        connection,
        soc,
        seed=settings.seed,
        kuma_version=settings.kuma_version,
        clock=Clock(),
        page_size=250,
        name=name,
        token=token,
    )
    if scenario is not None:
        agenda.tell(connection, made.world, soc, scenario, app.performer(settings, Soc))
    return made


def digest_of(control_token: str | None) -> str | None:
    """Return the digest under which the control token is kept."""
    return None if control_token is None else ids.digest(control_token)


def write_ready(path: Path, ready: Ready) -> None:
    """Write the ready file at once, so that a reader sees all of it or nothing; only for its owner."""
    text = json.dumps({name: getattr(ready, name) for name in Ready.__slots__}) + "\n"
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(temporary).replace(path)
