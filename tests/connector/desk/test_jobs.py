"""The two schedules: connector and handler apart, run now, runs told, nothing at once, nothing missed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import URL

from connector.desk import history, timing
from connector.desk.engine import opened
from connector.desk.jobs import Jobs
from connector.desk.timing import Job, Kind, Schedule, Timing
from connector.errors import Busy
from connector.settings import Settings
from tests.connector.fake_kuma import TOKEN
from tests.connector.fake_kuma import URL as KUMA

if TYPE_CHECKING:
    from pathlib import Path

    from connector.desk.engine import Engine
    from tests.connector.desk.conftest import Browser
    from tests.connector.fake_kuma import FakeKuma

FORM = {"job": "connector", "on": "1", "kind": "cron", "seconds": "10", "cron": "*/5 * * * *"}


def set_to(engine: Engine, schedule: Schedule) -> None:
    """Store a schedule."""
    engine.documents.write({"schedule": timing.written(schedule)})


def held(engine: Engine) -> int:
    """Return how many incidents there are."""
    return len(list(engine.incidents.every()))


def test_each_schedule_is_set_by_itself(engine: Engine, admin: Browser) -> None:
    """And comes out of the document as it went in."""
    saved = [
        admin.send("/processing/schedule", **FORM),
        admin.send("/processing/schedule", job="handler", kind="interval", seconds="7", cron="* * * * *"),
    ]

    assert [one.status_code for one in saved] == [303, 303]
    assert engine.schedule() == Schedule(
        Timing(on=True, kind=Kind.CRON, seconds=10, cron="*/5 * * * *"), Timing(on=False, seconds=7)
    )
    assert admin.send("/processing/schedule", **{**FORM, "job": "x"}).status_code == 404


def test_what_is_no_time_is_refused_beside_its_field(engine: Engine, admin: Browser) -> None:
    """Of the schedule that it was typed into, and nothing is stored."""
    seconds = [
        admin.send("/processing/schedule", **{**FORM, "seconds": one}) for one in ("", "0", "x", "9" * 9)
    ]
    crons = [
        admin.send("/processing/schedule", **{**FORM, "job": "handler", "cron": one})
        for one in ("", "* *", '"', "61 * * * *")
    ]

    assert [one.status_code for one in (*seconds, *crons)] == [422] * 8
    assert all('id="seconds-connector-wrong"' in one.text for one in seconds)
    assert all('id="cron-handler-wrong"' in one.text for one in crons)
    assert not engine.schedule().connector.on


def test_the_connector_collects_and_the_handler_makes_incidents(
    connected: Engine, kuma: FakeKuma, admin: Browser
) -> None:
    """Each when it is told to; what waits is shown."""
    kuma.add("a", 100)
    set_to(connected, Schedule())

    admin.send("/processing/run", job="connector")
    collected = (held(connected), connected.inbox.count())
    page = admin.text("/processing")
    listed = admin.text("/incidents")
    asked = len(kuma.requests)
    admin.send("/processing/run", job="handler")

    assert collected == (0, 1)
    assert "Alerts that wait for the handler: 1" in page
    assert "1 alerts wait to become incidents" in listed
    assert (held(connected), connected.inbox.count()) == (1, 0)
    assert len(kuma.requests) == asked
    runs = [(run.job, run.created, run.by) for run in connected.history.runs()]
    assert runs == [("handler", 1, "admin"), ("connector", 1, "admin")]


def test_runs_are_listed_with_their_outcome(connected: Engine, kuma: FakeKuma, admin: Browser) -> None:
    """Who began them, what they brought, and what went wrong."""
    kuma.add("a", 100)
    admin.send("/processing/run")
    kuma.before = lambda _: httpx.Response(403, json={"message": "access denied"})

    admin.send("/processing/run")

    page = admin.text("/processing")
    assert ("+1 · ~0" in page, "access denied" in page) == (True, True)
    assert connected.history.runs()[0].by == "admin"


def test_a_job_follows_its_schedule(connected: Engine) -> None:
    """From the start on, off when it is switched off, and the other is as it was."""
    hourly = Timing(on=True, seconds=3600)
    set_to(connected, Schedule(hourly, hourly))

    connected.jobs.start()
    due = [connected.jobs.next_run(job) for job in Job]
    set_to(connected, Schedule(Timing(), hourly))
    connected.jobs.reschedule()

    assert None not in due
    assert connected.jobs.next_run(Job.CONNECTOR) is None
    assert connected.jobs.next_run(Job.HANDLER) is not None


def test_two_desks_on_one_database_do_not_collect_at_once(connected: Engine, kuma: FakeKuma) -> None:
    """A run that comes while one is at it is refused; nothing is written down of it."""
    refused: list[str] = []

    def meanwhile(_request: httpx.Request) -> None:
        kuma.before = lambda _: None
        with pytest.raises(Busy) as busy:
            connected.jobs.run(Job.CONNECTOR, by="admin")
        refused.append(str(busy.value))

    kuma.before = meanwhile
    connected.jobs.run(Job.CONNECTOR, by="")

    assert ["being done already" in one for one in refused] == [True]
    assert len(connected.history.runs()) == 1


@pytest.mark.parametrize(
    ("schedule", "since", "runs"),
    [
        (Timing(on=True, seconds=3600), 7_200, 1),
        (Timing(on=True, seconds=3600), 1_800, 0),
        (Timing(on=True, kind=Kind.CRON, cron="0 * * * *"), 90_000, 1),
        (Timing(on=True, kind=Kind.CRON, cron="0 0 1 1 *"), 60, 0),
        (Timing(on=False, seconds=3600), 7_200, 0),
    ],
)
def test_a_missed_run_is_made_up_once(engine: Engine, schedule: Timing, since: int, runs: int) -> None:
    """However many were missed while nothing was running; a cron line's, too."""
    now = engine.clock() + 60
    engine.history.note_run(
        job="connector", started=now - since, seconds=1, by="", created=0, updated=0, problem=""
    )
    ran, came = [], threading.Event()

    def work() -> tuple[int, int]:
        ran.append(1)
        came.set()
        return 0, 0

    jobs = Jobs(
        {Job.CONNECTOR: work}, schedule=lambda: Schedule(schedule), history=engine.history, clock=lambda: now
    )
    jobs.start()
    came.wait(10 if runs else 0.2)
    jobs.stop()

    assert len(ran) == runs


def test_the_runs_of_each_job_are_kept_apart(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler that runs every second leaves the connector's in sight."""
    monkeypatch.setattr(history, "RUNS", 3)
    outcome = {"started": 1.0, "seconds": 1.0, "by": "", "created": 0, "updated": 0, "problem": ""}
    engine.history.note_run(job="connector", **outcome)

    for _ in range(5):
        engine.history.note_run(job="handler", **outcome)

    kept = [len(engine.history.runs(job=job)) for job in ("connector", "handler")]
    assert kept == [1, 3]


def test_a_second_desk_on_the_database_has_its_own_token(tmp_path: Path) -> None:
    """The address is shared, and so is the one lease; the token stays in each folder."""
    database = URL.create("sqlite", database=str(tmp_path / "shared.db"))
    places = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        settings = Settings(url=KUMA, token=TOKEN, state_dir=folder, database=database)
        with opened(folder, settings=settings) as engine:
            places.append((engine.vault.place, engine.settings().url))

    assert places == [("file", KUMA)] * 2


def test_a_run_that_goes_on_already_is_told(connected: Engine, kuma: FakeKuma, admin: Browser) -> None:
    """Not as something that went wrong."""
    told: list[str] = []

    def meanwhile(_request: httpx.Request) -> None:
        kuma.before = lambda _: None
        told.append(admin.send("/processing/run", job="connector").headers["Location"])

    kuma.before = meanwhile
    connected.jobs.run(Job.CONNECTOR, by="")

    assert told == ["/processing?done=It+runs+already%3B+see+the+last+runs."]
