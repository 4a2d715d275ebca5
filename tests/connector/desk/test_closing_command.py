"""The worker closes with the package's commands: an edited one has effect, and is not believed blindly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from connector.desk import commands
from connector.desk.accounts import Wrong
from connector.desk.documents import shipped
from tests.connector.desk.conftest import Browser, card

if TYPE_CHECKING:
    from connector.desk.engine import Engine
    from tests.connector.fake_kuma import FakeKuma

RESPONDED = "Close incident (Responded)"


@pytest.fixture
def desk(connected: Engine, kuma: FakeKuma) -> Engine:
    """A desk with an incident."""
    kuma.add('a"1', 100)
    assert connected.run(by="") == ""
    return connected


def edit(desk: Engine, old: str, new: str) -> None:
    """Change the commands in force."""
    text = shipped("commands").replace(old, new)
    assert text != shipped("commands")
    desk.documents.write({"commands": text})


def close(browser: Browser, desk: Engine, reason: str) -> tuple[int, str]:
    """Do the closing transaction; return the status, and what the card says then."""
    places = {way.name: place for place, way in enumerate(desk.worker().transactions)}
    path = card(desk, 'a"1')
    status = browser.send(f"{path}/move", way=str(places["Close"]), reason=reason).status_code
    return status, browser.text(path)


def test_closing_runs_the_command_of_its_reason(desk: Engine, kuma: FakeKuma, anna: Browser) -> None:
    """As it was edited: here with another address, header and body."""
    edit(desk, "incorrect data\"}'", 'incorrect data", "note": "<Alert ID>"}\'')
    text = desk.documents.read("commands").replace('"api/v1/alerts/close"', '"api/v2.1/alerts/close?by=soar"')
    desk.documents.write({"commands": text})

    status, page = close(anna, desk, "incorrect data")

    (sent,) = [request for request in kuma.requests if request.method == "POST"]
    assert (status, kuma.alerts['a"1'].status) == (303, "closed")
    assert (sent.url.path, sent.url.query) == ("/api/v2.1/alerts/close", b"by=soar")
    assert json.loads(sent.content) == {"id": 'a"1', "reason": "incorrect data", "note": 'a"1'}
    assert "never opens again" in page


def test_a_command_that_closes_nothing_is_found_out(desk: Engine, kuma: FakeKuma, anna: Browser) -> None:
    """KUMA is asked whether the alert is closed: the incident stays open, and a person must look."""
    edit(desk, 'method = "POST"\npath = "api/v1/alerts/close"', 'method = "GET"\npath = "api/v1/alerts/"')

    status, page = close(anna, desk, "responded")

    assert (status, desk.incidents.status('a"1'), kuma.alerts['a"1'].status) == (502, "open", "new")
    assert "shows the alert as" in page
    assert "a person must look" in page


def test_a_closing_that_waits_is_sent_again_by_its_command(
    desk: Engine, kuma: FakeKuma, anna: Browser
) -> None:
    """The next cycle runs what is in force then."""
    kuma.before = lambda request: (
        httpx.Response(429, headers={"Retry-After": "0"}) if request.method == "POST" else None
    )
    status, _ = close(anna, desk, "responded")
    kuma.before = lambda _: None
    edit(desk, '"api/v1/alerts/close"', '"api/v3/alerts/close"')

    problem = desk.run(by="")

    assert (status, problem, desk.incidents.status('a"1')) == (502, "", "closed")
    assert [one.url.path for one in kuma.requests if one.method == "POST"][-1] == "/api/v3/alerts/close"


def test_a_command_that_the_worker_closes_with_stays(desk: Engine, admin: Browser) -> None:
    """Neither deleted, nor renamed, nor without its alert; another package may bring another worker."""
    draft = {"method": "POST", "path": "api/v1/alerts/close", "before": RESPONDED}
    refused = [
        admin.send("/connectors/commands/delete", command=RESPONDED),
        admin.send("/connectors/commands", name="Done", body="<Alert ID>", **draft),
        admin.send("/connectors/commands", name=RESPONDED, body="{}", **draft),
        admin.send("/workers", text=shipped("worker").replace(f'= "{RESPONDED}"', '= "Nothing"')),
    ]

    assert [one.status_code for one in refused] == [422] * 4
    assert all("The worker closes with" in one.text for one in refused)
    assert desk.documents.read("commands") == shipped("commands")
    assert RESPONDED in admin.text("/workers")


@pytest.mark.parametrize(
    ("field", "draft"),
    [
        ("path", {"path": "api/v1/alerts/<alert id>"}),
        ("headers", {"path": "api/v1/x", "headers": "Authorization: Bearer <Token>"}),
        ("body", {"path": "api/v1/x", "body": '{"id": "<Incident ID>"}'}),
    ],
)
def test_a_placeholder_that_nobody_fills_in_is_refused(
    admin: Browser, field: str, draft: dict[str, str]
) -> None:
    """Beside its field, with those that are known."""
    response = admin.send("/connectors/commands", name="n", method="POST", **draft)

    assert response.status_code == 422
    assert f'id="{field}-wrong"' in response.text
    assert "is not filled in by anything; known are &lt;Alert ID&gt; and &lt;token&gt;." in response.text


def test_of_a_file_the_line_is_told() -> None:
    """Of the placeholder itself, and of the command where the place is no text of the file."""
    text = shipped("commands")
    lines = text.splitlines()
    wrong = {
        text.replace("Bearer <token>", "Bearer <Token>"): 1 + lines.index('Authorization = "Bearer <token>"'),
        text.replace('path = "api/v1/alerts/close"', 'path = "evil"'): 1 + lines.index("[[commands]]", 10),
        'commands = [{name = "n", method = "GET", path = "x"}]': 1,
    }

    told = []
    for one in wrong:
        with pytest.raises(Wrong) as refused:
            commands.read(one)
        told.append(str(refused.value).split(":")[1].strip())

    assert told == [f"line {line}" for line in wrong.values()]


def test_what_only_looks_like_a_placeholder_passes() -> None:
    """A search compares, too."""
    command = commands.Command(
        "Search",
        commands.Method.POST,
        "api/v2/events",
        body='{"sql": "SELECT * FROM `events` WHERE A < 3 AND B > 2 AND C<>4"}',
    )

    commands.check(command)

    assert commands.read(commands.written([command])) == [command]
