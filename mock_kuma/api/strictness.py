"""``--strict``: where the mock would have to guess it answers 501, and says what it would have guessed.

An operation of a version that is inferred is refused before it is done; an error answer whose row is inferred
or missing is refused in its place. Recalled rows pass: the page exists. Rule: what is refused was not
done, or was an error anyway.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Response, request

from mock_kuma import operations
from mock_kuma.api import gate
from mock_kuma.operations import COMMON, Mark, Operation

if TYPE_CHECKING:
    from flask import Flask

_STATUS: Final = 501
_VARIABLE: Final = re.compile(r"<(\w+)>")
_FIRST_ERROR: Final = 400


def refuse_guesses(app: Flask) -> None:
    """Make the vendor application strict."""
    known = {
        (f"/api/{version}{one.route}", one.method): (one, version)
        for one in operations.every().values()
        for version in one.versions
    }

    def before() -> Response | None:
        one, version = known.get(_asked(), (None, ""))
        if one is None or one.versions[version] is not Mark.INFERRED:
            return None
        return _refused(f"{one.name} in {version} is inferred: {one.source}")

    def after(response: Response) -> Response:
        if not _FIRST_ERROR <= response.status_code < _STATUS:
            return response
        one, _ = known.get(_asked(), (None, ""))
        return _judged(response, one)

    app.before_request(before)
    app.after_request(after)


def _asked() -> tuple[str, str]:
    rule = "" if request.url_rule is None else request.url_rule.rule
    return _VARIABLE.sub(r"{\1}", rule), request.method


def _judged(response: Response, one: Operation | None) -> Response:
    body: Any = msgspec.json.decode(response.get_data() or b"{}")
    if "message" not in body:
        return response
    message, details = body["message"], body.get("details")
    rows = COMMON if one is None else (*COMMON, *one.errors)
    row = next((row for row in rows if row.fits(response.status_code, message, details)), None)
    if row is not None and row.mark is not Mark.INFERRED:
        return response
    where = "an unknown path" if one is None else one.name
    return _refused(f"{where}: the answer {response.status_code} {message!r} is inferred")


def _refused(why: str) -> Response:
    gate.refused(f"strict: {why}")
    body = {"message": f"mock-kuma --strict does not guess; {why}", "details": None}
    return Response(msgspec.json.encode(body), status=_STATUS, mimetype="application/json")
