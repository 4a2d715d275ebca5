r"""Many connectors against one installation of the mock: each user of Locust is one, with a world of its own.

A user makes its world through the control API, fills it, and then lives as a connector does: it polls for new
alerts page by page, closes some of them, and meanwhile more arise. At the end its world is deleted. An alert
that was closed and is shown as new again counts as a failure of the page. Needs ``mock-kuma[locust]``, in an
environment of its own: Locust changes the standard library underneath whatever is imported beside it.

    export MOCK_KUMA_CONTROL_TOKEN=... MOCK_KUMA_CA_FILE=ca.pem MOCK_KUMA_CONSOLE=http://kuma.example:7220
    locust -f deploy/locustfile.py --host https://kuma.example:7223 \
      --headless --users 500 --spawn-rate 20 --run-time 5m

Distributed: the same with ``--processes 4`` on one machine, or with ``--master`` on one and with
``--worker --master-host ADDRESS`` on others.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from locust import HttpUser, events, task
from locust.exception import StopUser

if TYPE_CHECKING:
    from locust.argument_parser import LocustArgumentParser

PAGE = 250


@events.init_command_line_parser.add_listener
def options(parser: LocustArgumentParser) -> None:
    """Add what a connector of this file is told."""
    parser.add_argument("--console", env_var="MOCK_KUMA_CONSOLE", default="http://127.0.0.1:7220")
    parser.add_argument("--control-token", env_var="MOCK_KUMA_CONTROL_TOKEN", default="", is_secret=True)
    parser.add_argument("--ca-file", env_var="MOCK_KUMA_CA_FILE", default="", help="the CA to trust")
    parser.add_argument("--poll-seconds", type=float, default=60, help="from one poll to the next")
    parser.add_argument("--first-alerts", type=int, default=500, help="in a new world")
    parser.add_argument("--new-alerts", type=int, default=2, help="that arise before each poll")
    parser.add_argument("--closing", type=float, default=0.3, help="the share of seen alerts that are closed")


class Connector(HttpUser):
    """A connector and its KUMA."""

    def wait_time(self) -> float:
        """Return the pause after a poll: irregular, so that connectors do not march in step."""
        mean: float = self.environment.parsed_options.poll_seconds
        return random.uniform(0.5, 1.5) * mean  # noqa: S311 -- no secret

    def on_start(self) -> None:
        """Make a world with its first alerts; nothing else can be done without."""
        options = self.environment.parsed_options
        self.client.verify = options.ca_file or True
        self.client.trust_env = False
        self.closed: set[str] = set()
        self.world = ""
        made = self._control("POST", "/worlds", {}, name="control: make a world")
        self.world = made["world"]
        self.headers = {"Authorization": f"Bearer {made['token']}"}
        self._raise_alerts(options.first_alerts)

    def on_stop(self) -> None:
        """Delete the world."""
        if self.world:
            self._control("DELETE", f"/worlds/{self.world}", None, name="control: delete a world")

    @task
    def poll(self) -> None:
        """Read what is new, page by page, and close some of it."""
        options = self.environment.parsed_options
        self._raise_alerts(options.new_alerts)
        seen: list[str] = []
        for page in range(1, 1_000):
            shown = self._page(page)
            seen += shown
            if len(shown) < PAGE:
                break
        for alert in seen:
            if random.random() < options.closing:  # noqa: S311 -- no secret
                self._close(alert)

    def _page(self, number: int) -> list[str]:
        path = f"/api/v1/alerts/?withEvents&status=new&page={number}"
        with self.client.get(
            path, headers=self.headers, name="GET alerts, a page", catch_response=True
        ) as response:
            if response.status_code != 200:  # noqa: PLR2004 -- HTTP
                response.failure(f"status {response.status_code}")
                return []
            shown = [alert["id"] for alert in response.json()]
            if again := self.closed.intersection(shown):
                response.failure(f"{len(again)} alerts are new again after they were closed")
            return shown

    def _close(self, alert: str) -> None:
        body = {"id": alert, "reason": "responded"}
        response = self.client.post(
            "/api/v1/alerts/close", json=body, headers=self.headers, name="POST alerts/close"
        )
        if response.ok:
            self.closed.add(alert)

    def _raise_alerts(self, number: int) -> None:
        wanted = {"generate": {"count": number, "events": 3}}
        self._control("POST", f"/worlds/{self.world}/alerts", wanted, name=f"control: raise {number} alerts")

    def _control(self, method: str, path: str, body: Any, *, name: str) -> Any:
        options = self.environment.parsed_options
        response = self.client.request(
            method,
            f"{options.console}/control/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {options.control_token}"},
            name=name,
        )
        if not response.ok:
            raise StopUser
        return response.json() if response.content else None
