"""What an operation insists on: parameters that must be there, whole numbers, 0 or 1, bodies of a size.

Source: the common error rows of the REST API, 2. ``params`` reads the query string and the body; this module
only asks it for more, for nouns whose parameters are few. Rule: a refusal names the parameter.
"""

from __future__ import annotations

from typing import Any, Final

from flask import request

from mock_kuma.api.params import Params, json_body
from mock_kuma.domain.problems import BadInput

_FLAGS: Final = frozenset({"0", "1"})
_DIGITS: Final = 19


def query() -> Params:
    """Return the query of the request at hand."""
    return Params(request.query_string.decode("utf-8", "replace"))


def required(sent: Params, name: str) -> str:
    """Return a parameter that must be there."""
    value = sent.first(name)
    if value is None:
        raise BadInput("query parameter required", name)
    return value


def required_fields(**fields: object) -> None:
    """Raise unless every field of a body is there; empty is not there."""
    missing = next((name for name, value in fields.items() if not value), None)
    if missing is not None:
        raise BadInput(f"{missing} required")


def whole(sent: Params, name: str, *, most: int = 2**63 - 1) -> int | None:
    """Return a whole number from 0, or None where it is absent."""
    text = sent.first(name)
    if text is None:
        return None
    # isascii first: isdigit alone lets digits of other scripts through.
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text) <= most:
        return int(text)
    raise BadInput("invalid query parameter value", name)


def flag(sent: Params, name: str) -> bool:
    """Return a parameter that is 0 or 1, 0 where it is absent."""
    text = sent.first(name)
    if text is not None and text not in _FLAGS:
        raise BadInput("invalid query parameter value", name)
    return text == "1"


def body() -> dict[str, Any]:
    """Return the JSON object of the request at hand."""
    return json_body(request.get_data())
