"""The reference connector between KUMA and a SOAR: what right looks like.

``Client`` is a typed client of the KUMA API; its errors are in ``connector.errors``.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.client import Client

__all__ = ["Client"]


def __getattr__(name: str) -> Any:
    # When it is asked for: the command imports what it needs in its own order.
    if name == "Client":
        from connector.client import Client  # noqa: PLC0415 -- as said

        return Client
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
