"""Every route of the desk, asked by everybody: found in the application itself, so that none is forgotten."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.connector.fake_kuma import TOKEN

if TYPE_CHECKING:
    from connector.desk.engine import Engine
    from tests.connector.desk.conftest import Browser

#: What a stranger may open; a new route is not among them unless it is written here.
OPEN = {"door.form", "door.enter", "look.choose", "static"}
#: What analysts may do beside reading incidents; the rest is the administrators'.
ANALYSTS = {
    "incidents.home", "incidents.listed", "incidents.live", "card.show", "card.move", "card.note",
    "workers.show", "door.leave",
}  # fmt: skip


def routes(browser: Browser) -> list[tuple[str, str, str]]:
    """Return method, path and endpoint of every route."""
    return [
        (method, re.sub(r"<[^>]+>", "nothing", rule.rule), rule.endpoint)
        for rule in browser.http.application.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def contents(engine: Engine) -> list[Any]:
    """Return what the desk knows, apart from failures of signing in."""
    documents = [engine.documents.read(name) for name in ("worker", "handler", "schedule", "connection")]
    return [engine.accounts.every(), documents, engine.vault.place, engine.history.runs()]


def ask(browser: Browser, method: str, path: str, *, word: bool = True) -> tuple[int, str]:
    """Ask with or without the form's word; return the status, and where it leads without its query."""
    if method == "GET":
        response = browser.get(path)
    else:
        data = {"csrf": browser.word()} if word else {}
        response = browser.http.open(path, method=method, data=data)
    where = response.headers.get("Location", "").partition("?")[0]
    response.close()
    return response.status_code, where


def test_a_stranger_opens_the_door_and_nothing_else(engine: Engine, stranger: Browser) -> None:
    """Everything else leads to the sign-in, and changes nothing."""
    before = contents(engine)

    found = {
        (method, endpoint): ask(stranger, method, path)
        for method, path, endpoint in routes(stranger)
        if endpoint not in OPEN
    }

    assert found == dict.fromkeys(found, (303, "/sign-in"))
    assert len(found) > 20
    assert contents(engine) == before


def test_no_change_without_the_forms_word(engine: Engine, admin: Browser) -> None:
    """Not even an administrator's."""
    before = contents(engine)

    found = {path: ask(admin, m, path, word=False)[0] for m, path, _ in routes(admin) if m != "GET"}

    assert found == dict.fromkeys(found, 403)
    assert contents(engine) == before


@pytest.mark.parametrize("who", ["anna", "boris"])
def test_analysts_are_let_in_where_they_work(
    engine: Engine, who: str, request: pytest.FixtureRequest
) -> None:
    """Everything that is not theirs is refused, and changes nothing."""
    browser: Browser = request.getfixturevalue(who)
    before = contents(engine)

    allowed = {
        endpoint
        for method, path, endpoint in routes(browser)
        if endpoint not in OPEN | {"door.leave"} and ask(browser, method, path)[0] != 403
    }

    assert allowed == ANALYSTS - {"door.leave"}
    assert contents(engine) == before


@pytest.mark.parametrize("url", ["evil.example", "kuma.example.com:7224", "kuma.example.com@evil.example"])
def test_the_token_does_not_follow_an_address_that_was_changed(
    engine: Engine, admin: Browser, url: str
) -> None:
    """Whoever may type an address must know the token, or give another."""
    admin.send("/connectors/connection", url="kuma.example.com", token=TOKEN)

    changed = admin.send("/connectors/connection", url=url, token="")
    given = admin.send("/connectors/connection", url="kuma.example.com:7224", token="f" * 32)

    assert (changed.status_code, given.status_code) == (422, 303)
    assert (engine.settings().url, engine.settings().token) == ("https://kuma.example.com:7224", "f" * 32)
