"""Replays every golden exchange of ``fixtures/exchanges`` against the mock, by the rules of its README."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from mock_kuma import operations
from tests.mock_kuma.exchange import Play, matches

if TYPE_CHECKING:
    from tests.mock_kuma.conftest import World

FOLDER: Final = Path(__file__).parents[2] / "fixtures" / "exchanges"


def plays() -> list[Any]:
    """Return each exchange that can be sent, once for each of its versions."""
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        exchange = json.loads(path.read_text(encoding="utf-8"))
        if exchange.get("replay", True):
            found += [pytest.param(exchange, one, id=f"{path.stem}-{one}") for one in exchange["versions"]]
    return found


@pytest.mark.parametrize(("exchange", "version"), plays())
def test_the_mock_answers_as_the_exchange_says(world: World, exchange: Any, version: str) -> None:
    """Status, headers and body, for each version that the exchange names."""
    for expected, response in Play(world, version).answers(exchange):
        assert response.status_code == expected["status"], response.text
        for name, value in expected["headers"].items():
            assert response.headers.get(name, "").partition(";")[0] == value
        body = expected["body"]
        if body in ("$none", "$bytes"):
            assert matches(body, response.data), response.text
        elif isinstance(body, str) and not body.startswith("$"):
            assert response.text == body
        else:
            assert matches(body, response.json), response.text


def test_every_operation_has_an_exchange_that_goes_well() -> None:
    """Whatever a client may call, one golden answer below 300 says what comes of it."""
    exchanges = [json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json")]

    well = {one["operation"] for one in exchanges if one["response"]["status"] < 300}

    assert set(operations.every()) - well == set()
