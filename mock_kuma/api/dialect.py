"""The API versions as data: how each spells what all of them mean.

Source: REST API, 0, 3, 6.2 and 8. Rule: a route never asks which version it serves; it asks its dialect.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Whoami(StrEnum):
    """The two shapes of ``users/whoami`` (REST API, 5.8)."""

    TENANTS = "tenants"  # v1: a role for each tenant
    ROLES = "roles"  # later: tenants for each role


@dataclass(frozen=True, slots=True)
class Dialect:
    """One API version: the path segment and its spellings."""

    name: str
    #: An asset's ``fqdn`` is a list; one text up to v1 (REST API, 8, row 7).
    fqdn_list: bool
    #: An operating system's ``version`` is text; a number up to v2.2 (REST API, 8, row 12).
    os_version_text: bool
    #: The key of a vulnerability's address (REST API, 8, row 13).
    description_url: str
    whoami: Whoami


DIALECTS: Final = (
    Dialect(
        "v1",
        fqdn_list=False,
        os_version_text=False,
        description_url="descriptionUrl",
        whoami=Whoami.TENANTS,
    ),
    *(
        Dialect(
            name,
            fqdn_list=True,
            os_version_text=False,
            description_url="descriptionUrl",
            whoami=Whoami.ROLES,
        )
        for name in ("v2", "v2.1", "v2.2")
    ),
    Dialect(
        "v3",
        fqdn_list=True,
        os_version_text=True,
        description_url="descriptionURL",
        whoami=Whoami.ROLES,
    ),
)
