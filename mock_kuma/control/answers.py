"""How the control API answers: JSON, always."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Response


def answer(body: Any, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(msgspec.json.encode(body), status=status, mimetype="application/json")
