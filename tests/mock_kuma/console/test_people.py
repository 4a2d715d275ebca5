"""Profile, users, tenants and assets: tokens shown once, rights, and who may give them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.mock_kuma.console.conftest import Browser, Mock, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.test import TestResponse


def fresh_token(response: TestResponse) -> str:
    """Return the token that a page shows."""
    found = re.search(r'id="fresh-token">(\w+)<', response.text)
    assert found is not None, response.text
    return found.group(1)


def whoami(mock: Mock, token: str) -> TestResponse:
    """Ask the vendor API who a token is."""
    headers = {"Authorization": f"Bearer {token}"}
    return mock.vendor.get("/api/v1/users/whoami", headers=headers)


def test_a_token_is_shown_once_and_works(admin: Browser, mock: Mock) -> None:
    """The new one is let in, the former one is not, and no page shows it again."""
    token = fresh_token(admin.post("/profile/token"))

    assert whoami(mock, token).status_code == 200
    assert whoami(mock, mock.token).status_code == 403
    assert token not in admin.get("/profile").text


def test_a_token_can_expire(admin: Browser, mock: Mock) -> None:
    """Expiry follows the world's clock, and the page says when."""
    mock.control("PUT", "/worlds/default/clock", {"now": "2026-05-01T00:00:00Z"})
    token = fresh_token(admin.post("/profile/token", expires="2026-05-02T00:00"))

    assert whoami(mock, token).status_code == 200
    assert "until 2026-05-02 00:00:00" in words(admin.get("/profile"))
    mock.control("POST", "/worlds/default/clock/advance", {"seconds": 86_400})
    assert whoami(mock, token).status_code == 403
    assert "expired 2026-05-02 00:00:00" in words(admin.get("/profile"))


@pytest.mark.parametrize(
    ("expires", "told"), [("2001-01-01T00:00", "This time is over already."), ("soon", "Not a time.")]
)
def test_a_senseless_expiry_is_told_beside_its_field(
    admin: Browser, mock: Mock, expires: str, told: str
) -> None:
    """No token is made, and the former one goes on working."""
    response = admin.post("/profile/token", expires=expires)

    assert response.status_code == 422
    assert re.search(rf'id="expires-wrong".*{re.escape(told)}', response.text)
    assert whoami(mock, mock.token).status_code == 200


def test_a_token_can_be_revoked(admin: Browser, mock: Mock) -> None:
    """The page says that there is none."""
    response = admin.post("/profile/token/revoke")

    assert "no token" in words(response)
    assert whoami(mock, mock.token).status_code == 403


def test_an_administrator_generates_tokens_for_others(admin: Browser, mock: Mock) -> None:
    """As in KUMA's Users."""
    user = mock.user("Tier 1 analyst", mock.main_tenant())

    token = fresh_token(admin.post(f"/users/{user}/token"))

    assert whoami(mock, token).json["login"] == "ivan"  # type: ignore[index] # the answer has a body


def test_api_access_rights_are_saved(admin: Browser, mock: Mock) -> None:
    """Those that were ticked, all of them, or none."""
    user = mock.user("Tier 1 analyst", mock.main_tenant())

    def saved() -> object:
        users = mock.control("GET", "/worlds/default/users")["users"]
        return next(one["api_rights"] for one in users if one["id"] == user)

    admin.post(f"/users/{user}/rights", right=["POST /alerts/close", "GET /alerts", "no such right"])
    assert saved() == ["GET /alerts", "POST /alerts/close"]
    admin.post(f"/users/{user}/rights")
    assert saved() == []
    admin.post(f"/users/{user}/rights", all_="1")
    assert saved() is None


def test_disabling_and_enabling(admin: Browser, mock: Mock, another_browser: Callable[[], Browser]) -> None:
    """A disabled user neither signs in nor is served; enabled again, does."""
    user = mock.user("Tier 1 analyst", mock.main_tenant())

    assert "Enable the user" in admin.post(f"/users/{user}/state", disabled="1").text
    assert another_browser().sign_in("ivan").status_code == 422
    admin.post(f"/users/{user}/state", disabled="0")
    assert another_browser().sign_in("ivan").status_code == 200


def test_nobody_disables_himself(admin: Browser, mock: Mock) -> None:
    """A world keeps somebody who can sign in."""
    own = mock.control("GET", "/worlds/default/users")["users"][0]["id"]

    response = admin.post(f"/users/{own}/state", disabled="1")

    assert (response.status_code, "You cannot disable yourself." in response.text) == (422, True)


def test_a_password_is_set(admin: Browser, mock: Mock, another_browser: Callable[[], Browser]) -> None:
    """A short one is refused beside its field, a good one opens the door."""
    user = mock.user("Tier 1 analyst", mock.main_tenant())

    assert admin.post(f"/users/{user}/password", password="short").status_code == 422
    admin.post(f"/users/{user}/password", password="long enough")
    assert another_browser().sign_in("ivan", "long enough").request.path == "/alerts"


@pytest.mark.parametrize("form", ["token", "token/revoke", "rights", "state", "password"])
def test_others_administer_nobody(browser: Browser, mock: Mock, form: str) -> None:
    """An analyst sees users, without the forms, and sending them is refused."""
    user = mock.user("Tier 2 analyst", mock.main_tenant())
    browser.sign_in("ivan")

    response = browser.post(f"/users/{user}/{form}", password="long enough", disabled="1")

    assert response.status_code == 403
    assert "Save the rights" not in browser.get(f"/users/{user}").text


def test_a_role_without_users_sees_none(browser: Browser, mock: Mock) -> None:
    """A junior analyst may not search users."""
    mock.user("Junior analyst", mock.main_tenant())
    browser.sign_in("ivan")

    assert "Your roles show you no users." in words(browser.get("/users"))


def test_an_analyst_sees_users_of_his_own_tenants(browser: Browser, mock: Mock) -> None:
    """Not those of another tenant."""
    branch = mock.control("POST", "/worlds/default/tenants", {"name": "Branch"})["id"]
    mock.user("Tier 1 analyst", branch)
    stranger = mock.user("Tier 1 analyst", mock.main_tenant(), login="olga")
    browser.sign_in("ivan")

    page = browser.get("/users")

    assert ("Ivan" in page.text, "Olga" in page.text) == (True, False)
    assert browser.get(f"/users/{stranger}").status_code == 404


def test_tenants_with_their_alerts(admin: Browser, mock: Mock) -> None:
    """Names, states, and how many alerts wait where."""
    branch = mock.control("POST", "/worlds/default/tenants", {"name": "Branch"})["id"]
    mock.control("POST", "/worlds/default/alerts", {"generate": {"count": 17, "tenant": branch}})
    mock.control("PATCH", f"/worlds/default/tenants/{branch}", {"disabled": True})

    said = words(admin.get("/tenants")).split()

    assert {"Branch", "Disabled", "17", "Main", "Shared"} <= set(said)


def test_assets_are_found_by_a_part_of_a_field(admin: Browser, mock: Mock) -> None:
    """As typed: no pattern."""
    assets = [{"name": "ws-17", "ipAddresses": ["10.1.2.3"]}, {"name": "srv", "ipAddresses": ["10.1.2.33"]}]
    mock.control("POST", "/worlds/default/assets", {"assets": assets})

    def found(query: str) -> list[str]:
        return re.findall(r"<summary><bdi>([^<]*)</bdi>", admin.get(f"/assets?{query}").text)

    assert found("") == ["srv", "ws-17"]
    assert found("field=ip&text=10.1.2.33") == ["srv"]
    assert found("text=WS-") == ["ws-17"]
    assert found("text=.*") == []


def test_no_assets_says_what_to_do(admin: Browser) -> None:
    """An empty page has words."""
    assert "No assets yet" in admin.get("/assets").text
    assert "No asset fits" in admin.get("/assets?text=zzz").text
