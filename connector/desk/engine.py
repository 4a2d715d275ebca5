"""What stands behind the pages: the connection to KUMA, the work of connector and handler, closings.

Rule: the token is never given to a page, and an incident is closed when KUMA shows its alert closed.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from connector import listing
from connector import settings as connector_settings
from connector.client import Client
from connector.desk import commands, handler, timing, trial, worker
from connector.desk.accounts import Accounts, Wrong
from connector.desk.delivery import Delivery
from connector.desk.documents import Documents, fitted, table
from connector.desk.finding import Finding
from connector.desk.history import History
from connector.desk.jobs import Jobs
from connector.desk.link import Link
from connector.desk.timing import Job
from connector.desk.vault import Ring, Vault, system_ring, write_own
from connector.errors import Busy, NotClosed, SettingsProblem, StoreTrouble
from connector.inbox import Inbox
from connector.incidents import CLOSED, Outcome
from connector.lease import Lease
from connector.outbox import Outbox
from connector.settings import Settings
from connector.store import Store, in_folder
from connector.sync import Sync
from connector.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy.engine import URL

    from connector.desk.trial import Trial

_CA: Final = "kuma-ca.pem"
#: So long the handler may take for one part of what waits, before another instance takes over.
_HANDLE_SECONDS: Final = 120.0


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
        try:
            listing.complete(self._store)
        except StoreTrouble:
            self._store.close()
            raise
        self.accounts = Accounts(self._store)
        self.documents = Documents(self._store)
        self.history = History(self._store)
        self.finding = Finding(self._store)
        self.outbox = Outbox(self._store)
        self.incidents = Delivery(self._store, history=self.history, clock=clock)
        self.inbox = Inbox(self._store)
        self.jobs = Jobs(
            {Job.CONNECTOR: self._collect, Job.HANDLER: self._handle},
            schedule=self.schedule,
            history=self.history,
            clock=clock,
        )

    def worker(self) -> worker.Worker:
        """Return the template in force."""
        return worker.read(self.documents.read("worker"))

    def handler(self) -> handler.Handler:
        """Return the handler in force."""
        return handler.read(self.documents.read("handler"))

    def commands(self) -> dict[str, commands.Command]:
        """Return the commands in force, by name."""
        return {one.name: one for one in commands.read(self.documents.read("commands"))}

    def schedule(self) -> timing.Schedule:
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
        elif self.link().url not in {"", url}:
            # Otherwise a changed address would bring the token to whoever answers there.
            raise Wrong("token", "This is another address: paste the token that belongs to it.")
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
        """Collect and handle now; return what went wrong, or nothing. Raises ``Busy``."""
        problem = self.jobs.run(Job.CONNECTOR, by=by)
        # A handler that is at work at this moment takes what was collected, too.
        with suppress(Busy):
            problem = self.jobs.run(Job.HANDLER, by=by) or problem
        return problem

    def close(self, alert_id: str, reason: str) -> None:
        """Close an incident and its alert in KUMA; raises where KUMA has not confirmed it."""
        with self._sync() as sync:
            sync.close(alert_id, reason)

    def transport(self) -> tuple[Transport, Settings]:
        """Return what a command is sent with; whoever asks closes it."""
        settings = self.settings()
        return self._dial(settings), settings

    def test(self) -> Trial:
        """Try the connection; say in words how it ended."""
        try:
            settings = replace(self.settings(), request_seconds=10)
            client = self._client(settings)
        except SettingsProblem as error:
            return trial.failed(error)
        try:
            client.until = time.monotonic() + settings.request_seconds
            return trial.tried(client, settings.url)
        finally:
            client.disconnect()

    def stop(self) -> None:
        """End the schedule, and give the database back."""
        self.jobs.stop()
        self._store.close()

    def _client(self, settings: Settings) -> Client:
        return Client(
            settings.url,
            token=settings.token,
            version=settings.api_version,
            seconds=settings.request_seconds,
            transport=self._dial(settings),
        )

    def _collect(self) -> tuple[int, int]:
        with self._sync() as sync:
            counts = sync.poll()
        return counts.created, counts.updated

    def _handle(self) -> tuple[int, int]:
        lease = Lease(self._store, Job.HANDLER.value, clock=time.time)
        with lease.held(_HANDLE_SECONDS):
            outcomes = self.inbox.hand_over(
                self._delivery(self._store), beat=lambda: lease.take(_HANDLE_SECONDS)
            )
        return outcomes.count(Outcome.CREATED), outcomes.count(Outcome.UPDATED)

    def _delivery(self, store: Store) -> Delivery:
        actions = self.handler().actions
        return Delivery(store, history=self.history, clock=self.clock, actions=actions)

    @contextmanager
    def _sync(self) -> Iterator[Sync]:
        settings = self.settings()
        client = self._client(settings)

        def send(alert_id: str, reason: str) -> None:
            self._close_in_kuma(client, alert_id, reason, token=settings.token)

        sync = Sync(settings, client=client, incidents=self._delivery, place=Inbox, send=send)
        try:
            yield sync
        finally:
            sync.stop()

    def _close_in_kuma(self, client: Client, alert_id: str, reason: str, *, token: str) -> None:
        """Run the worker's command for a reason, and see that the alert is closed."""
        name = self.worker().reasons.get(reason, "")
        command = self.commands().get(name)
        if command is None:
            raise SettingsProblem(
                f"there is no command {name!r} to close with for {reason!r}: see Connectors and Workers"
            )
        filled = commands.fill(command, alert=alert_id, token=token)
        client.request(
            filled.method.value,
            filled.path,
            query=filled.query,
            body=filled.body,
            content_type=filled.content_type,
            headers=filled.headers,
        )
        # A command is edited by people: what it did is asked, not believed.
        for raw in client.by_ids([alert_id], events=False):
            if raw.get("status") != CLOSED:
                raise NotClosed(f"the command {name!r}", 200, str(raw.get("status")))


def replace_link(link: Link, *, url: str, trusts_ca: bool) -> Link:
    """Return a connection with its address in full."""
    return Link(url=url, api_version=link.api_version, trusts_ca=trusts_ca)


def _dial(settings: Settings) -> Transport:
    return Transport(settings.url, token=settings.token, ca_file=settings.ca_file)


@contextmanager
def opened(folder: Path, *, settings: Settings | None = None) -> Iterator[Engine]:
    """Open the engine of a data folder; settings of a file become its connection where it has none.

    On a shared database the address may be there already, and the token, which stays in the folder, not yet.
    """
    engine = Engine(folder, database=None if settings is None else settings.database)
    try:
        if settings is not None and not (engine.link().url and engine.vault.place):
            ca = "" if settings.ca_file is None else settings.ca_file.read_text(encoding="utf-8")
            link = Link(url=settings.url, api_version=settings.api_version)
            engine.connect(link, token=settings.token, ca=ca)
        yield engine
    finally:
        engine.stop()
