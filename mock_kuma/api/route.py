"""How a vendor operation becomes a route: its path, its gate, and both spellings of its end.

Rule: no operation is reached but through the gate.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from mock_kuma.api import gate

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Blueprint, Response

    from mock_kuma.api.dialect import Dialect


def vendor_route(
    blueprint: Blueprint, dialect: Dialect, operation: str, *, path: str | None = None
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Register a view for an operation such as "GET /alerts", as the API access rights write it.

    ``path`` differs from the operation's where the path has variable parts.
    """
    method, _, operation_path = operation.partition(" ")

    def register(view: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(view)
        def behind_the_gate(**values: Any) -> Response:
            gate.admit(operation, dialect.name)
            return view(**values)

        blueprint.add_url_rule(
            path or operation_path,
            endpoint=view.__name__,
            view_func=behind_the_gate,
            methods=[method],
            # With and without a slash at the end, and never a redirect (REST API, 8, row 2).
            strict_slashes=False,
            provide_automatic_options=False,
        )
        return behind_the_gate

    return register
