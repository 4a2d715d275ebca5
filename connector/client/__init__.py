"""The KUMA API, typed: one method an operation, one module a noun.

Knows nothing of incidents of the SOAR, nor of how a moving list is read (``paging``). Rule: whatever goes
wrong is an error of ``connector.errors``; lists come page by page, as iterators.
"""

from __future__ import annotations

from connector.client.alerts import IDS_A_REQUEST, REASONS, Alerts, flags
from connector.client.archives import Archives
from connector.client.assets import Assets
from connector.client.dictionaries import Dictionaries
from connector.client.directory import Directory
from connector.client.events import Events
from connector.client.incidents import Incidents
from connector.client.lists import Lists
from connector.client.resources import Resources
from connector.client.services import Services
from connector.client.system import System

__all__ = ["IDS_A_REQUEST", "REASONS", "Client", "flags"]


class Client(
    Alerts,
    Archives,
    Assets,
    Dictionaries,
    Directory,
    Events,
    Incidents,
    Lists,
    Resources,
    Services,
    System,
):
    """A client of one KUMA.

    >>> with Client("https://kuma.example.com:7223", token=token, ca_file=path) as client:
    ...     for alert in client.alerts(status=["new"], with_events=True):
    ...         print(alert["name"])

    Lists are iterators that ask for a page when the one before was used up. Every call raises an error of
    ``connector.errors``, whose ``retryable`` says whether trying again may help. ``seconds`` bounds one
    request; ``until``, an instant of the monotonic clock, bounds all tries of a call. ``version`` is the
    API's: operations that only a later one has raise ``NotFound`` with an earlier. What has no method of its
    own is sent with ``request``.
    """
