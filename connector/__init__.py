"""The reference connector between KUMA and a SOAR: what right looks like.

``Client`` is a typed client of the KUMA API; its errors are in ``connector.errors``.
"""

from connector.client import Client

__all__ = ["Client"]
