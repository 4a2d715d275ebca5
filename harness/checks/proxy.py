"""AUTH: whether a proxy of the environment sees more of a connector than it may.

Decides nothing about using one: many clients read the proxy's variables, many do not, and both are right.
What is judged is what arrives at a listener that stands where the proxy would. Rule: a token that was read
there in clear is a leak whatever the variables say; a visit counts only where KUMA's address was excepted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from harness import decoy
from harness.oracle import exactly, missing
from harness.plugin import requirement
from harness.scene import BRIEFLY
from harness.verdict import Finding, demand, reached
from harness.world import ago

if TYPE_CHECKING:
    from harness.decoy import Decoy
    from harness.scene import Scene

_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")


def _environment(proxy: Decoy, excepted: str) -> dict[str, str]:
    """Return a proxy's variables in both spellings."""
    named = dict.fromkeys(_VARIABLES, f"http://127.0.0.1:{proxy.port}") | {"no_proxy": excepted}
    return {spelled: value for name, value in named.items() for spelled in (name, name.upper())}


def _excepted(scene: Scene) -> str:
    """Return what NO_PROXY says so that KUMA is asked directly."""
    return f"{urlsplit(scene.run.stage.api).hostname},localhost"


@requirement("AUTH-09", lasts=9)
@pytest.mark.parametrize("excepted", [True, False], ids=["excepted", "not excepted"])
def check_token_at_proxy(scene: Scene, *, excepted: bool) -> None:
    """Put a proxy into the environment, and read what it is told."""
    reached(excepted or scene.run.stage.api.startswith("https:"), "this KUMA speaks plain HTTP")
    scene.world.generate(2, last_seen=ago(minutes=5))
    with decoy.listening() as proxy:
        environment = _environment(proxy, _excepted(scene) if excepted else "")
        scene.note("harness", f"the environment names a proxy, and NO_PROXY={environment['NO_PROXY']!r}")
        refusal = scene.try_to_start(environment=environment, deadline_seconds=BRIEFLY)
        if refusal is None:
            scene.poll()

    reached(scene.exchanges or proxy.visits, "the connector asked neither KUMA nor the proxy")
    token = scene.world.token.encode()
    heard = [said.decode("utf-8", "replace").splitlines()[0] for said in proxy.heard if token in said]
    demand(
        [
            Finding(
                "leaked",
                f"the token was sent to the proxy in clear: {scene.redact(line)!r}",
                "no token, or a tunnel",
                "the token",
            )
            for line in heard[:1]
        ]
    )


@requirement("AUTH-10", lasts=9)
def check_exception(scene: Scene) -> None:
    """Put a proxy into the environment, and except KUMA's address."""
    ids = scene.world.generate(2, last_seen=ago(minutes=5))
    with decoy.listening() as proxy:
        environment = _environment(proxy, _excepted(scene))
        scene.note("harness", f"the environment names a proxy, and NO_PROXY={environment['NO_PROXY']!r}")
        scene.start(environment=environment, deadline_seconds=BRIEFLY)
        answer = scene.poll()
        told = f"connections to the proxy: {proxy.visits}, although NO_PROXY names KUMA's address"
        demand([Finding("visited", told, "no connection", str(proxy.visits))] if proxy.visits else [])
        record = scene.settle(until=lambda record: not missing(record, ids))

    reached(scene.exchanges, f"no request reached KUMA: the poll answered {answer}")
    demand(exactly(record, new=ids, known=scene.world.made))
