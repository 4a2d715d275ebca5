"""What can go wrong, in the vendor's nouns; no HTTP here.

    Problem
        NotFound            what was asked for does not exist (in what the user may see)
        AccessDenied        the user may not do this there
        TenantDisabled      the tenant is switched off
        AlertAlreadyClosed  nothing closes an alert twice
        BadInput            the request itself is wrong; carries the vendor's message and details
        WrongState          the request is right, and the thing is in no state for it; vendor's message
        Conflict            something of that name is there already

``api/problems.py`` says, in one table, what the vendor answers to each; ``control`` says it our way.
"""

from __future__ import annotations


class Problem(Exception):
    """Anything that the vendor answers with an error."""


class NotFound(Problem):
    """``kind`` (a vendor noun) with ``key`` does not exist."""

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(kind, key)
        self.kind = kind
        self.key = key

    def __str__(self) -> str:
        return f"{self.kind} {self.key!r} not found"


class AccessDenied(Problem):
    """The user may not do this; ``why`` is for the journal, the vendor never says it."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return self.why


class TenantDisabled(Problem):
    """The tenant that this concerns is switched off."""

    def __init__(self, tenant: str) -> None:
        super().__init__(tenant)
        self.tenant = tenant

    def __str__(self) -> str:
        return f"tenant {self.tenant} is disabled"


class AlertAlreadyClosed(Problem):
    """The alert was closed before."""

    def __init__(self, alert: str) -> None:
        super().__init__(alert)
        self.alert = alert

    def __str__(self) -> str:
        return f"alert {self.alert} is closed already"


class BadInput(Problem):
    """The request is wrong: ``message`` and ``details`` are the vendor's own words."""

    def __init__(self, message: str, details: object = None) -> None:
        super().__init__(message, details)
        self.message = message
        self.details = details

    def __str__(self) -> str:
        return self.message if self.details is None else f"{self.message}: {self.details}"


class WrongState(Problem):
    """What the vendor answers with 406: ``message`` is its own word for it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class Conflict(Problem):
    """Something with this ``key`` is there already, or must not go; ``why`` says which."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(key, why)
        self.key = key
        self.why = why

    def __str__(self) -> str:
        return f"{self.key}: {self.why}"
