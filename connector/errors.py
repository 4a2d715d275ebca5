"""What can go wrong between the SOAR and KUMA, and whether trying again helps.

    ConnectorError
        SettingsProblem       a setting is missing or wrong; a person must mend it
        UnknownIncident       the SOAR holds no incident for that alert
        UnknownReason         the closing reason has no counterpart in KUMA
        StoreTrouble          the connector's own database did not do it
        Busy                  another instance is at it; the next cycle is time enough
        Untrusted             the other side's certificate is not one to send a token to
        Refused               KUMA understood us and said no
            TokenRefused      ... because of the token (400, 403)
            AlreadyClosed     ... because the alert is closed (406)
            NotClosed         ... without saying so: the alert is still shown as open
            NotFound          ... because it does not have it, or not this operation (404)
            ImportConflict    ... because resources of an archive are there already (409)
        Unavailable           KUMA did not do it now; trying again may help
            Unreachable       no connection, TLS trouble, time-out, connection lost
                OutOfTime     ... before the deadline; the next cycle goes on from here
                NameUnknown   ... the host's name leads nowhere
                NotListening  ... nothing listens on that port
                NotTls        ... what listens there speaks no TLS
            Unsettled         a second of the list moved at every look
            ServerTrouble     5xx, 408, 429 without a time to wait
            RateLimited       429 or 503 with a time to wait
            BadAnswer         an answer that is none: HTML, broken or cut JSON
                Redirected    ... a redirect, which is not followed
                TooLarge      ... more than can be held

Classes carry fields, the sentence is made in ``__str__``. No message holds a token or a body.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class ConnectorError(Exception):
    """Anything that the connector reports; ``retryable`` says whether trying again may help."""

    retryable = False
    status: int | None = None


class SettingsProblem(ConnectorError):
    """``what`` is wrong with the settings, in a sentence."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return self.what


class UnknownIncident(ConnectorError):
    """The SOAR holds no incident for this alert."""

    def __init__(self, alert: str) -> None:
        super().__init__(alert)
        self.alert = alert

    def __str__(self) -> str:
        return f"there is no incident for alert {self.alert!r}"


class UnknownReason(ConnectorError):
    """The reason has no counterpart in KUMA."""

    def __init__(self, reason: str, known: tuple[str, ...]) -> None:
        super().__init__(reason, known)
        self.reason = reason
        self.known = known

    def __str__(self) -> str:
        return f"unknown reason {self.reason!r}; expected one of: {', '.join(self.known)}"


class StoreTrouble(ConnectorError):
    """The connector's own database did not do it: locked, full, broken. What was committed is kept."""

    retryable = True

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return f"the connector's database failed: {self.why}"


class Busy(ConnectorError):
    """Another cycle runs on this database; if its process was killed, it counts for ``seconds`` more."""

    retryable = True

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        wait = f"if it was killed, try again in {self.seconds:.0f} s"
        return f"this is being done already on the same database; {wait}"


class Distrust(StrEnum):
    """Why a certificate was not accepted."""

    AUTHORITY = "authority"
    EXPIRED = "expired"
    HOST = "host"


_ADVICE: Final[Mapping[Distrust, str]] = {
    Distrust.AUTHORITY: "set ca_file to KUMA's own certificate authority",
    Distrust.EXPIRED: "KUMA needs a new certificate; see also this machine's clock",
    Distrust.HOST: "write the address as it stands in the certificate",
}


class Untrusted(ConnectorError):
    """The certificate of ``url`` was not accepted, so that nothing was sent."""

    def __init__(self, url: str, why: str, kind: Distrust = Distrust.AUTHORITY) -> None:
        super().__init__(url, why, kind)
        self.url = url
        self.why = why
        self.kind = kind

    def __str__(self) -> str:
        return f"the certificate of {self.url} is not trusted: {self.why}; {_ADVICE[self.kind]}"


class Refused(ConnectorError):
    """KUMA understood us and said no: ``status``, and its own ``message``."""

    def __init__(self, operation: str, status: int, message: str) -> None:
        super().__init__(operation, status, message)
        self.operation = operation
        self.status = status
        self.message = message

    def __str__(self) -> str:
        return f"KUMA refused {self.operation}: {self.status} {self.message}"


class TokenRefused(Refused):
    """KUMA does not accept the token, or does not let its owner do this."""

    def __str__(self) -> str:
        return (
            f"{super().__str__()}. Check the token, its owner's roles and API access rights; "
            "a new token is generated in KUMA's console, Profile"
        )


class AlreadyClosed(Refused):
    """The alert was closed before, by us or by somebody else."""


class NotClosed(Refused):
    """What was to close an alert was answered well, and KUMA shows the alert as ``message`` says."""

    def __str__(self) -> str:
        return (
            f"KUMA took {self.operation}, and shows the alert as {self.message!r} all the same; "
            "see what the command sends, under Connectors"
        )


class NotFound(Refused):
    """KUMA does not have it, or this version of the API not this operation."""


class ImportConflict(Refused):
    """Resources of the archive are in KUMA already: their ids, each to be skipped or replaced."""

    def __init__(self, operation: str, status: int, message: str, resources: tuple[str, ...]) -> None:
        super().__init__(operation, status, message)
        self.resources = resources

    def __str__(self) -> str:
        return f"{super().__str__()}: {len(self.resources)} resources are there already; skip or replace them"


class Unavailable(ConnectorError):
    """KUMA did not do it now; trying again may help."""

    retryable = True

    def __init__(self, operation: str, why: str) -> None:
        super().__init__(operation, why)
        self.operation = operation
        self.why = why

    def __str__(self) -> str:
        return f"{self.operation} failed: {self.why}"


class Unreachable(Unavailable):
    """There was no connection, or it was lost, or nothing came in time."""


class NameUnknown(Unreachable):
    """The host's name leads nowhere: it is wrong, or the name service does not answer."""


class NotListening(Unreachable):
    """Nothing listens on that port: it is wrong, or KUMA does not run."""


class NotTls(Unreachable):
    """What listens there speaks no TLS, or none that this side speaks."""


class Unsettled(Unavailable):
    """A crowded second of the list was another at every look, so that it cannot be said to be read."""


class OutOfTime(Unreachable):
    """The deadline is over before everything was asked; the next cycle goes on from here."""

    def __init__(self, operation: str, why: str, *, status: int | None = None) -> None:
        super().__init__(operation, why)
        self.status = status


class BadAnswer(Unavailable):
    """What came is no answer of KUMA."""

    def __init__(self, operation: str, why: str, *, status: int | None = None) -> None:
        super().__init__(operation, why)
        self.status = status


class Redirected(BadAnswer):
    """KUMA never redirects: this address is not its API, and the token did not go anywhere else."""

    retryable = False


class TooLarge(BadAnswer):
    """The answer is larger than what can be held; asking for less at a time helps, asking again does not."""

    retryable = False


class ServerTrouble(Unavailable):
    """KUMA answered that it cannot do it now: 5xx, 408, 429."""

    def __init__(self, operation: str, status: int, message: str) -> None:
        super().__init__(operation, f"KUMA answered {status} {message}".rstrip())
        self.status = status


class RateLimited(Unavailable):
    """KUMA asks to wait ``seconds`` before anything else is sent."""

    def __init__(self, operation: str, status: int, seconds: float) -> None:
        super().__init__(operation, f"KUMA asks to wait {seconds:.0f} s")
        self.status = status
        self.seconds = seconds
