"""What a client sends beyond plain parameters: bodies of a known shape, patterns of other names.

Source: REST API, 2 and 8, row 1: ``tenantID`` and ``clusterID`` are read in any case, since the English pages
print them with a capital. Unknown fields are passed over, a null is an absent field, as in the Go that reads
them. Rule: a body that does not fit its shape is ``request body decode failed``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from flask import request

from mock_kuma.api import params
from mock_kuma.domain.patterns import BadPattern, Pattern
from mock_kuma.domain.problems import BadInput

if TYPE_CHECKING:
    from mock_kuma.api.params import Params

T = TypeVar("T")

_ANY_CASE: Final = {"tenantid": "tenantID", "clusterid": "clusterID"}


def pattern(query: Params, name: str) -> Pattern | None:
    """Return the pattern under a name of the query, or None."""
    text = query.first(name)
    if text is None:
        return None
    try:
        return Pattern(text)
    except BadPattern as error:
        # GUESS: no row of the vendor's tables is about patterns; this is the row of its scalars.
        raise BadInput("invalid query parameter value", name) from error


def body(shape: type[T]) -> T:
    """Return the body of the request at hand as ``shape``, a struct whose fields are all optional."""
    return fitted(
        {
            _ANY_CASE.get(name.lower(), name): value
            for name, value in params.json_body(request.get_data()).items()
            if value is not None
        },
        shape,
    )


def fitted(value: Any, shape: type[T]) -> T:
    """Return a decoded JSON value as ``shape``."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise BadInput("request body decode failed", str(error)) from error
