"""The journal for other tools: HAR 1.2 for a browser or a proxy, JSON Lines for everything else.

The journal keeps what was asked and what came of it, not the bytes of the answer; a HAR says so by a content
size of -1. Rule: an export holds nothing that the journal itself would not show.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

JSON_LINES: Final = "application/x-ndjson"


def json_lines(exchanges: Sequence[dict[str, Any]], *, lost: int) -> bytes:
    """Return an exchange a line; a loss is a line of its own before them."""
    head = [{"lost": lost}] if lost else []
    return b"".join(msgspec.json.encode(one) + b"\n" for one in (*head, *exchanges))


def har(exchanges: Sequence[dict[str, Any]], *, lost: int) -> dict[str, Any]:
    """Return the exchanges as one HAR log."""
    log: dict[str, Any] = {
        "version": "1.2",
        "creator": {"name": "mock-kuma", "version": version("mock-kuma")},
        "entries": [_entry(one) for one in exchanges],
    }
    if lost:
        log["comment"] = f"{lost} older exchanges were dropped"
    return {"log": log}


def _entry(exchange: dict[str, Any]) -> dict[str, Any]:
    headers = exchange["headers"]
    host = next((value for name, value in headers if name.lower() == "host"), "mock-kuma.invalid")
    query = exchange["query"]
    asked: dict[str, Any] = {
        "method": exchange["method"],
        "url": f"https://{host}{exchange['path']}" + (f"?{query['raw']}" if query["raw"] else ""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(headers),
        "queryString": _pairs(query["pairs"]),
        "headersSize": -1,
        "bodySize": -1,
    }
    if exchange["body"] is not None:
        kind = next((value for name, value in headers if name.lower() == "content-type"), "")
        asked["postData"] = {"mimeType": kind, "params": [], "text": exchange["body"]}
    return {
        "startedDateTime": exchange["at"],
        "time": exchange["duration_ms"],
        "request": asked,
        "response": {
            # 0 is what browsers write where no answer came.
            "status": exchange["status"] or 0,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [],
            "content": {"size": -1, "mimeType": ""},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": exchange["duration_ms"], "receive": 0},
        "comment": exchange["reason"] or "",
        "_seq": exchange["seq"],
        "_trace": exchange.get("trace"),
        "_fault": exchange["fault"],
        "_served": exchange["served"],
    }


def _pairs(pairs: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]
