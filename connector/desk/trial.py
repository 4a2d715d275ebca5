"""Trying the connection: KUMA is asked whose the token is, and for alerts; what is wrong is said in words.

Rule: each way to fail has a sentence of its own that says what to do, and what was answered stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from connector.errors import (
    BadAnswer,
    ConnectorError,
    Distrust,
    NameUnknown,
    NotFound,
    NotListening,
    NotTls,
    RateLimited,
    Refused,
    ServerTrouble,
    SettingsProblem,
    TokenRefused,
    Unreachable,
    Untrusted,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.client import Client

#: The first that fits counts, so that a kind stands before what it is a kind of.
_WORDS: Final[tuple[tuple[type[ConnectorError], str], ...]] = (
    (NameUnknown, "The name in {url} is not known. Check the address, and the name service of this machine."),
    (NotListening, "Nothing listens at {url}. Check the port, and whether KUMA runs."),
    (
        NotTls,
        "What listens at {url} speaks no TLS. Check the port; without TLS the address begins with http://",
    ),
    (Unreachable, "{url} does not answer in time. Check the address, and what stands between."),
    (NotFound, "What answers at {url} has no such API. Check the address and the API version."),
    (BadAnswer, "What answers at {url} is not KUMA. Check address and port."),
    (RateLimited, "KUMA is there, and asks to be left alone for a while. Try again later."),
    (ServerTrouble, "KUMA is there, and cannot answer now. Try again later."),
    (Refused, "KUMA does not understand the question. Check the API version."),
    (SettingsProblem, "The connection is not set completely."),
)
_CERTIFICATES: Final[Mapping[Distrust, str]] = {
    Distrust.AUTHORITY: (
        "The certificate of {url} is of an authority that is not trusted. Paste KUMA's own CA."
    ),
    Distrust.EXPIRED: (
        "The certificate of {url} has expired. KUMA needs a new one; see also this machine's clock."
    ),
    Distrust.HOST: "The certificate of {url} is for another host. Write the address as it stands in it.",
}
_NOT_UNDERSTOOD: Final = "KUMA does not take the token for one. Generate a token in KUMA's console, Profile."
_NO_OWNER: Final = (
    "KUMA refuses the token: it is not known there, its owner is disabled, or may not use the API. "
    "Generate a new one in KUMA's console, Profile."
)
_NO_RIGHTS: Final = (
    "The token belongs to {login}, who may not read alerts. "
    "The user needs a role in a tenant, and the access right GET /alerts."
)
_FORBIDDEN: Final = 403


@dataclass(frozen=True, slots=True)
class Trial:
    """How a trial ended; ``words`` is a message, ``detail`` what was answered."""

    worked: bool
    words: str
    values: dict[str, str] = field(default_factory=dict)
    detail: str = ""


def tried(client: Client, url: str) -> Trial:
    """Try a connection."""
    login = ""
    try:
        me = client.whoami()
        login = str(me.get("login") or me.get("name") or "?")
        client.page([("page", "1")])
    except ConnectorError as error:
        return failed(error, url=url, login=login)
    return Trial(
        worked=True,
        words="KUMA answers. The token belongs to {login}, who may read alerts.",
        values={"login": login},
    )


def failed(error: ConnectorError, *, url: str = "", login: str = "") -> Trial:
    """Return what an error means to whoever set the connection; ``login``: whose token KUMA took."""
    if isinstance(error, Untrusted):
        words = _CERTIFICATES[error.kind]
    elif isinstance(error, TokenRefused) and error.status != _FORBIDDEN:
        words = _NOT_UNDERSTOOD
    elif isinstance(error, TokenRefused):
        words = _NO_RIGHTS if login else _NO_OWNER
    else:
        words = next((words for kind, words in _WORDS if isinstance(error, kind)), "KUMA cannot be asked.")
    return Trial(worked=False, words=words, values={"url": url, "login": login}, detail=str(error))
