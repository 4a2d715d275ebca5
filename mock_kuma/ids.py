"""Random names and secrets: worlds, faults, tokens, and the digest under which a token is kept.

Ids of what is inside a world come from the world's seed instead (``generate.Soc.uuid``), so that
the same seed gives the same ids.
"""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """Return a token as the vendor makes them: 32 lower-case hex characters."""
    return secrets.token_hex(16)


def new_name(prefix: str) -> str:
    """Return a short name that no other thing has."""
    return f"{prefix}-{secrets.token_hex(6)}"


def digest(token: str) -> str:
    """Return what is stored of a token. Tokens are random, so a plain hash cannot be searched."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
