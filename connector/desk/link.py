"""Where KUMA is: address, API version, and whether an own CA is trusted. The token is not part of it."""

from __future__ import annotations

import json

import msgspec


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A connection as it is stored; ``url`` is empty before it was set."""

    url: str = ""
    api_version: str = "v1"
    trusts_ca: bool = False

    def toml(self) -> str:
        """Return it as a TOML text."""
        trusts = "true" if self.trusts_ca else "false"
        lines = [f"url = {json.dumps(self.url)}", f"api_version = {json.dumps(self.api_version)}"]
        return "\n".join([*lines, f"trusts_ca = {trusts}"]) + "\n"
