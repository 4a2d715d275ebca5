"""What runs behind the pages: the connection to KUMA, one cycle at a time, closings.

Rule: never two cycles at once; the token is never given to a page; whatever a
cycle did is written down, its failure, too.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from apscheduler.schedulers.background import BackgroundScheduler

from connector import settings as connector_settings
from connector.client import Client
from connector.desk import handler, timing, worker
from connector.desk.accounts import Accounts, Wrong
from connector.desk.delivery import Delivery
from connector.desk.documents import Documents, fitted, table
from connector.desk.finding import Finding
from connector.desk.history import History
from connector.desk.link import Link
from connector.desk.vault import Ring, Vault, system_ring, write_own
from connector.errors import ConnectorError, SettingsProblem
from connector.outbox import Outbox
from connector.settings import Settings
from connector.store import Store, in_folder
from connector.sync import Sync
from connector.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy.engine import URL

log = logging.getLogger("connector.desk")
_CA: Final = "kuma-ca.pem"


class Busy(ConnectorError):
    """A cycle is running; another one begins after it."""

    retryable = True

    def __str__(self) -> str:
        return "a cycle is running already"


class Engine:
    """One desk: its folder, its database, its KUMA."""

    def __init__(
        self,
        folder: Path,
        *,
        database: URL | None = None,
        clock: Callable[[], float] = time.time,
        dial: Callable[[Settings], Transport] | None = None,
        find_ring: Callable[[], Ring | None] = system_ring,
    ) -> None:
        self.folder = folder
        self.vault = Vault(folder, find_ring=find_ring)
        self._database = database
        self._dial = dial or _dial
        self.clock = clock
        self._store = Store(database or in_folder(folder))
        self._running = threading.Lock()
        self.accounts = Accounts(self._store)
        self.documents = Documents(self._store)
        self.history = History(self._store)
        self.finding = Finding(self._store)
        self.outbox = Outbox(self._store)
        self.incidents = Delivery(self._store, history=self.history, clock=clock)
        self._scheduler = BackgroundScheduler(timezone="UTC")

    def worker(self) -> worker.Worker:
        """Return the template in force."""
        return worker.read(self.documents.read("worker"))

    def handler(self) -> handler.Handler:
        """Return the handler in force."""
        return handler.read(self.documents.read("handler"))

    def timing(self) -> timing.Timing:
        """Return the schedule in force."""
        return timing.read(self.documents.read("schedule"))

    def link(self) -> Link:
        """Return address and trust of KUMA; an empty address before it was set."""
        return fitted(table(self.documents.read("connection")), Link)

    def connect(self, link: Link, *, token: str = "", ca: str = "") -> None:
        """Set the connection; an empty token or certificate stays what it was. Raises ``Wrong``."""
        try:
            url = connector_settings.base_url(link.url)
        except SettingsProblem as error:
            raise Wrong("url", "{why}", why=error) from error
        if token:
            try:
                connector_settings.checked_token(token, where="token")
            except SettingsProblem as error:
                raise Wrong("token", "{why}", why=error) from error
            self.vault.write(token)
        elif not self.vault.place:
            raise Wrong("token", "Generate a token in KUMA's console, Profile, and paste it here.")
        if ca:
            if "-----BEGIN CERTIFICATE-----" not in ca:
                raise Wrong("ca", "This is not a certificate in PEM format.")
            write_own(self.folder / _CA, ca)
        has_ca = bool(ca) or (link.trusts_ca and (self.folder / _CA).exists())
        self.documents.write({"connection": replace_link(link, url=url, trusts_ca=has_ca).toml()})

    def settings(self) -> Settings:
        """Return the settings of a cycle; raises ``SettingsProblem`` before KUMA was set."""
        link = self.link()
        if not link.url or not self.vault.place:
            raise SettingsProblem(
                "KUMA's address and token are not set: an administrator sets them under Connectors"
            )
        return Settings(
            url=link.url,
            state_dir=self.folder,
            token=self.vault.read(),
            ca_file=self.folder / _CA if link.trusts_ca else None,
            database=self._database,
            api_version=link.api_version,
            deadline_seconds=60,
        )

    def run(self, *, by: str) -> str:
        """Run one cycle, and write down what it did; return what went wrong, or nothing."""
        if not self._running.acquire(blocking=False):
            raise Busy
        try:
            started, problem, created, updated = self.clock(), "", 0, 0
            try:
                with self._sync() as sync:
                    counts = sync.poll()
                created, updated = counts.created, counts.updated
            except ConnectorError as error:
                problem = str(error)
            self.history.note_run(
                started=started,
                seconds=max(0.0, self.clock() - started),
                by=by,
                created=created,
                updated=updated,
                problem=problem,
            )
            return problem
        finally:
            self._running.release()

    def start(self) -> None:
        """Begin to run by the schedule. A missed run is made up once, and runs never overlap."""
        self._scheduler.start()
        self.reschedule()

    def reschedule(self) -> None:
        """Follow the schedule as it is now; before ``start`` there is nothing to follow it."""
        if not self._scheduler.running:
            return
        self._scheduler.remove_all_jobs()
        timing = self.timing()
        if timing.on:
            self._scheduler.add_job(
                self._run_by_schedule,
                timing.trigger(),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )

    def next_run(self) -> float | None:
        """Return when the schedule runs next, in seconds since 1970; None where it is off."""
        jobs = self._scheduler.get_jobs() if self._scheduler.running else []
        return jobs[0].next_run_time.timestamp() if jobs else None

    def _run_by_schedule(self) -> None:
        try:
            self.run(by="")
        except Busy:
            log.info("a person runs a cycle at this moment; the schedule's is left out")

    def close(self, alert_id: str, reason: str) -> None:
        """Close an incident and its alert in KUMA; raises where KUMA has not confirmed it."""
        with self._sync() as sync:
            sync.close(alert_id, reason)

    def transport(self) -> tuple[Transport, Settings]:
        """Return what a command is sent with; whoever asks closes it."""
        settings = self.settings()
        return self._dial(settings), settings

    def test(self) -> str:
        """Ask KUMA who the token belongs to; return the answer in words. Raises what goes wrong."""
        settings = replace(self.settings(), request_seconds=10)
        client = self._client(settings)
        try:
            client.until = time.monotonic() + settings.request_seconds
            me = client.whoami()
            client.page([("page", "1")])
        finally:
            client.disconnect()
        return str(me.get("login") or me.get("name") or "?")

    def stop(self) -> None:
        """End the schedule, and give the database back."""
        if self._scheduler.running:
            self._scheduler.shutdown()
        self._store.close()

    def _client(self, settings: Settings) -> Client:
        return Client(
            settings.url,
            token=settings.token,
            version=settings.api_version,
            seconds=settings.request_seconds,
            transport=self._dial(settings),
        )

    @contextmanager
    def _sync(self) -> Iterator[Sync]:
        settings = self.settings()
        sync = Sync(settings, client=self._client(settings))
        sync.incidents = Delivery(
            self._store, history=self.history, clock=self.clock, actions=self.handler().actions
        )
        try:
            yield sync
        finally:
            sync.stop()


def replace_link(link: Link, *, url: str, trusts_ca: bool) -> Link:
    """Return a connection with its address in full."""
    return Link(url=url, api_version=link.api_version, trusts_ca=trusts_ca)


def _dial(settings: Settings) -> Transport:
    return Transport(settings.url, token=settings.token, ca_file=settings.ca_file)


@contextmanager
def opened(folder: Path, *, settings: Settings | None = None) -> Iterator[Engine]:
    """Open the engine of a data folder; settings of a file become its connection where it has none."""
    engine = Engine(folder, database=None if settings is None else settings.database)
    try:
        if settings is not None and not engine.link().url:
            ca = "" if settings.ca_file is None else settings.ca_file.read_text(encoding="utf-8")
            link = Link(url=settings.url, api_version=settings.api_version)
            engine.connect(link, token=settings.token, ca=ca)
        yield engine
    finally:
        engine.stop()
