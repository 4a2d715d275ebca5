"""Generated requests find nothing: Schemathesis over the document of v3, the one with every operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.__main__ import fuzz

if TYPE_CHECKING:
    from mock_kuma.testing import World


def test_schemathesis_finds_nothing(kuma_world: World) -> None:
    """All checks, stateful links on, and never a 5xx; ``make fuzz`` tries twenty thousand cases."""
    cases, code, printed = fuzz(kuma_world, "v3", examples=1)

    assert code == 0, printed
    assert cases > 1_000
