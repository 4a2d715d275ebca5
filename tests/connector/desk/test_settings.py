"""What administrators set: connection, package, commands, handler, schedule, worker, users."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import httpx
import pytest

from connector.desk import diagram
from connector.desk.accounts import Wrong
from connector.desk.documents import shipped
from tests.connector.desk.conftest import PASSWORD, Browser
from tests.connector.fake_kuma import TOKEN

if TYPE_CHECKING:
    from connector.desk.engine import Engine
    from tests.connector.fake_kuma import FakeKuma


def test_the_token_goes_in_and_never_comes_out(engine: Engine, admin: Browser) -> None:
    """It lies in a file of mode 600; an empty field keeps it; what is wrong stands beside its field."""
    refused = admin.send("/connectors/connection", url="http://", token=TOKEN)
    missing = admin.send("/connectors/connection", url="kuma.example.com", token="")
    saved = admin.send("/connectors/connection", url="kuma.example.com", token=TOKEN)
    again = admin.send("/connectors/connection", url="kuma.example.com", token="", api_version="v3")
    no_ca = admin.send("/connectors/connection", url="kuma.example.com", ca="nonsense")

    assert [one.status_code for one in (refused, missing, saved, again, no_ca)] == [422, 422, 303, 303, 422]
    assert ('id="url-wrong"' in refused.text, 'id="token-wrong"' in missing.text) == (True, True)
    assert 'id="ca-wrong"' in no_ca.text
    assert (engine.settings().api_version, engine.settings().token) == ("v3", TOKEN)
    assert stat.S_IMODE((engine.folder / "token").stat().st_mode) == 0o600
    assert TOKEN not in admin.text("/connectors")


def test_the_connection_is_tested(connected: Engine, kuma: FakeKuma, admin: Browser) -> None:
    """It says whose token it is, or what is wrong."""

    def known(request: httpx.Request) -> httpx.Response | None:
        is_whoami = request.url.path.endswith("whoami")
        return httpx.Response(200, json={"login": "robot"}) if is_whoami else None

    kuma.before = known
    good = admin.send("/connectors/test")
    kuma.before = lambda _: httpx.Response(403, json={"message": "access denied"})
    bad = admin.send("/connectors/test")

    assert (good.status_code, bad.status_code) == (200, 502)
    assert "The token belongs to robot" in good.text
    assert "access denied" in bad.text


def test_a_desk_without_connection_says_so(engine: Engine, admin: Browser) -> None:
    """A test and a run end with a sentence."""
    assert "an administrator sets them under Connectors" in admin.send("/connectors/test").text
    assert "an administrator sets them under Connectors" in engine.run(by="admin")


def test_a_command_is_added_run_and_deleted(connected: Engine, kuma: FakeKuma, admin: Browser) -> None:
    """Request and answer are shown, without the token."""
    kuma.before = lambda request: httpx.Response(200, json={"heard": request.headers["Authorization"]})
    draft = {"method": "POST", "path": "api/v2/events?x=1", "headers": "Authorization: Bearer <token>"}
    saved = admin.send("/connectors/commands", name="Search <b>", body='{"id": "<Alert ID>"}', **draft)

    asked = admin.send("/connectors/commands/run", command="Search <b>")
    run = admin.send("/connectors/commands/run", command="Search <b>", alert='a"1')
    admin.send("/connectors/commands/delete", command="Search <b>")

    assert (saved.status_code, asked.status_code, run.status_code) == (303, 422, 200)
    assert 'id="alert-wrong"' in asked.text
    assert json.loads(kuma.requests[-1].content) == {"id": 'a"1'}
    assert kuma.requests[-1].url.query == b"x=1"
    assert TOKEN not in run.text
    assert "Bearer ••••••••" in run.text
    assert "Search" not in admin.text("/connectors")
    assert admin.send("/connectors/commands/run", command="Search <b>").status_code == 404


@pytest.mark.parametrize(
    ("field", "draft"),
    [
        ("name", {"name": "", "path": "api/v1/x"}),
        ("path", {"name": "n", "path": "https://evil.example/"}),
        ("path", {"name": "n", "path": "api/\r\nX: y"}),
        ("headers", {"name": "n", "path": "api/v1/x", "headers": "nonsense"}),
        ("method", {"name": "n", "path": "api/v1/x", "method": "TRACE"}),
    ],
)
def test_a_wrong_command_is_refused_beside_its_field(
    admin: Browser, field: str, draft: dict[str, str]
) -> None:
    """What was typed is still there."""
    response = admin.send("/connectors/commands", **{"method": "GET", **draft})

    assert response.status_code == 422
    assert (f'id="{field}-wrong"' in response.text) or field == "method"


def test_the_handler_is_tried_before_it_is_saved(engine: Engine, admin: Browser) -> None:
    """Trying changes nothing; saving does; a sample that is no alert is told."""
    rules = {"field": ["Headline", ""], "from": ["name", "status"], "transform": ["text", "text"]}
    sample = json.dumps({"id": "1", "name": "<i>Hello</i>"})
    before = engine.documents.read("handler")

    tried = admin.send("/processing/handler", do="try", sample=sample, **rules)
    broken = admin.send("/processing/handler", do="try", sample="{", **rules)
    no_alert = admin.send("/processing/handler", do="try", sample="{}", **rules)
    unchanged = engine.documents.read("handler")
    saved = admin.send("/processing/handler", do="save", create="1", **rules)

    assert "&lt;i&gt;Hello&lt;/i&gt;" in tried.text
    assert (broken.status_code, no_alert.status_code, saved.status_code) == (422, 422, 303)
    assert unchanged == before
    assert [rule.field for rule in engine.handler().rules] == ["Headline"]
    assert (engine.handler().actions.create, engine.handler().actions.update) == (True, False)


def test_a_rule_is_added_as_a_row(admin: Browser) -> None:
    """Empty, to be filled in; it is gone again if it is not."""
    form = {"field": ["Title"], "from": ["name"], "transform": ["text"]}

    page = admin.send("/processing/handler", do="row", **form).text

    assert page.count('name="field"') == 2


def test_the_worker_is_edited_and_reset(engine: Engine, admin: Browser) -> None:
    """A template that leads nowhere is refused, and the one before stays."""
    text = shipped("worker")
    wrong = [
        text.replace('to = "escalated"', 'to = "nowhere"'),
        text.replace("final = true", ""),
        text.replace('id = "work2"', 'id = "work1"'),
        text.replace("closes = true", ""),
        text.replace('fields = ["comment"]', 'fields = ["colour"]'),
        "[",
        "states = 1",
    ]

    refused = [admin.send("/workers", text=one) for one in wrong]
    saved = admin.send("/workers", text=text.replace('"Waiting"', '"On hold"'))
    changed = admin.text("/workers")
    admin.send("/workers/reset")

    assert [one.status_code for one in refused] == [422] * len(wrong)
    assert all('id="text-wrong"' in one.text for one in refused)
    assert (saved.status_code, "On hold" in changed) == (303, True)
    assert engine.documents.read("worker") == text


def test_the_diagram_has_a_box_for_each_state(engine: Engine) -> None:
    """All inside the picture, none upon another; an arrow for each source of each transaction."""
    worker = engine.worker()

    picture = diagram.draw(worker)

    places = {(box.x, box.y) for box in picture.boxes}
    assert len(places) == len(worker.states)
    assert all(0 < x < picture.width - diagram.WIDTH and 0 < y < picture.height for x, y in places)
    assert len(picture.arrows) == sum(len(way.sources) for way in worker.transactions)


def test_users_are_added_and_changed(engine: Engine, admin: Browser) -> None:
    """What is wrong stands beside its field; a password is kept as a hash."""
    made = admin.send("/users", login="carl", name="<Carl>", role="line2", password=PASSWORD)
    twice = admin.send("/users", login="carl", name="", role="line2", password=PASSWORD)
    short = admin.send("/users", login="dora", name="", role="line1", password="short")
    nobody = admin.send("/users", login="a b", name="", role="line1", password=PASSWORD)
    no_role = admin.send("/users", login="dora", name="", role="king", password=PASSWORD)
    changed = admin.send("/users", before="carl", name="Carl", role="line1", disabled="1")
    last = admin.send("/users", before="admin", name="Admin", role="line1")

    codes = [one.status_code for one in (made, twice, short, nobody, no_role, changed)]
    assert codes == [303, 422, 422, 422, 422, 303]
    assert ('id="login-wrong"' in twice.text, 'id="password-wrong"' in short.text) == (True, True)
    assert "The last administrator stays one." in last.text
    carl = engine.accounts.find("carl")
    assert carl is not None
    assert (carl.role, carl.disabled, carl.generation) == ("line1", True, 2)


def test_a_wrong_says_its_sentence() -> None:
    """With its values filled in."""
    assert (
        str(Wrong("password", "At least {least} characters.", least=10))
        == "password: At least 10 characters."
    )
