"""What goes wrong in a history: requests that fail as planned, a process that dies at a transaction."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from unittest import mock

from connector.store import Store
from tests.connector.fake_kuma import FakeKuma

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


class TroubledKuma(FakeKuma):
    """A KUMA whose next requests fail in ways that were planned."""

    def __init__(self, page_size: int) -> None:
        super().__init__(now=2_000, page_size=page_size)
        self.plan: list[Callable[[httpx.Request], httpx.Response | None]] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, or fail as planned; None in the plan's place answers rightly."""
        planned = self.plan.pop(0) if self.plan else None
        answer = planned(request) if planned else None
        return super().handle(request) if answer is None else answer

    def heal(self) -> None:
        """Let nothing fail any more."""
        self.plan.clear()


@contextlib.contextmanager
def deadly(at: int, *, after: bool) -> Iterator[None]:
    """Let the process die at its ``at``-th transaction, before or after the commit."""
    begin, left = Store.begin, [at]

    @contextlib.contextmanager
    def dying(self: Store) -> Iterator[Any]:
        left[0] -= 1
        if left[0] < 0:
            raise Killed  # the dead do nothing any more
        if left[0] == 0 and not after:
            with begin(self) as connection:
                yield connection
                raise Killed  # rolls back
        with begin(self) as connection:
            yield connection
        if left[0] == 0:
            raise Killed

    with mock.patch.object(Store, "begin", dying):
        yield
