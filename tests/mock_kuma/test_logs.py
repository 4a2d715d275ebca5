"""A line of the log is one line, whoever wrote what is in it."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from connector import log_lines
from mock_kuma import logs

if TYPE_CHECKING:
    from collections.abc import Iterator

EVIL = "x\n2026 ERROR forged\r\x1b[31mred\x9b2J\u202egnp\x7f"


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """The mock's logger, which is as it was afterwards, and those beneath it."""
    loggers = [logging.getLogger(name) for name in (logs.ROOT, *logs.BENEATH)]
    before = [(one, one.handlers, one.level, one.propagate) for one in loggers]
    yield loggers[0]
    for logger, handlers, level, propagate in before:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


@pytest.mark.parametrize("form", list(logs.Form))
def test_nothing_that_is_told_breaks_out_of_its_line(
    log: logging.Logger, capfd: pytest.CaptureFixture[str], form: logs.Form
) -> None:
    """No second line, no escape sequence, no turned direction."""
    logs.begin(form, verbose=True)

    log.info("GET %s", EVIL, extra=logs.fields(reason=EVIL, user=None))

    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert said.rstrip("\n").isprintable()
    assert "user" not in said


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("name", ["asyncio", "uvicorn.error"])
def test_what_the_server_beneath_tells_has_the_same_form(
    capfd: pytest.CaptureFixture[str], name: str
) -> None:
    """Its errors have tracebacks, with what a client has sent in them."""
    logs.begin(logs.Form.JSON, verbose=False)

    try:
        int(EVIL)
    except ValueError:
        logging.getLogger(name).exception("a mistake")

    (line,) = capfd.readouterr().err.splitlines()
    assert (json.loads(line)["logger"], "ValueError" in json.loads(line)["error"]) == (name, True)


def test_a_json_line_has_its_fields(log: logging.Logger, capfd: pytest.CaptureFixture[str]) -> None:
    """Beside time, level, logger and sentence; an error is in the same line."""
    logs.begin(logs.Form.JSON, verbose=False)

    try:
        int(EVIL)
    except ValueError:
        log.exception("it failed", extra=logs.fields(status=500))
    log.info("nobody asked for this")

    (line,) = capfd.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["level"], told["logger"], told["message"], told["status"]) == (
        "ERROR",
        "mock_kuma",
        "it failed",
        500,
    )
    assert told["at"].endswith("Z")
    assert "ValueError" in told["error"]


@pytest.mark.parametrize("form", list(log_lines.FORMS))
def test_the_connectors_log_keeps_its_lines_too(form: str) -> None:
    """Names of alerts come from whoever attacks."""
    record = logging.LogRecord("connector.sync", logging.INFO, "", 0, "created %s", (EVIL,), None)

    said = log_lines.FORMS[form]().format(record)

    assert said.isprintable()
    assert "created x" in said
