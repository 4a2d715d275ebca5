"""The resources that a new world has: an active list, a context table, a dictionary and a filter to export.

Contract: control API, "A new world". The first services have theirs as well, under the ids that the
services tell (clients link rules to a correlator by way of its resource). Their names are made up and their
ids come from the seed. Rule: the lists are empty, so that what a test finds in them is what it has put
there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mock_kuma.actions import resources
from mock_kuma.domain import dictionaries, services
from mock_kuma.domain.lists import Kind
from mock_kuma.domain.resources import DICTIONARY, content

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mock_kuma.generate import Soc
    from mock_kuma.world import World

_FIRST: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    (Kind.ACTIVE_LIST.value, "Blocked addresses", {}),
    (
        Kind.CONTEXT_TABLE.value,
        "Threat indicators",
        {"fields": [{"name": "ioc", "key": True}, {"name": "description", "key": False}]},
    ),
    (
        DICTIONARY,
        "Critical hosts",
        {"type": dictionaries.TABLE, "columns": ["key", "value"], "rows": []},
    ),
    (services.Kind.CORRELATOR.value, "Correlator", {"rules": []}),
    (services.Kind.STORAGE.value, "Storage", {}),
    ("filter", "Internal addresses", {"root": {"group": True, "conditions": []}}),
)


def add(connection: Connection, world: World, soc: Soc, *, user: str) -> None:
    """Store the resources in the main tenant; ``user`` is who has made them."""
    resources.add_first(
        connection,
        world,
        [
            resources.Draft(
                soc.uuid(kind, 0),
                kind,
                world.main_tenant,
                content(kind, name=name, description=None, payload=payload),
                user=user,
            )
            for kind, name, payload in _FIRST
        ],
    )
