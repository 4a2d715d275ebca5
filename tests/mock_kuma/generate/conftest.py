"""A simulated organisation whose people do not depend on the lists of names."""

from __future__ import annotations

import pytest

from mock_kuma.generate import Soc, people


@pytest.fixture
def fixed_names(monkeypatch: pytest.MonkeyPatch) -> people.Names:
    """Every organisation of the test gets these names instead of its own."""
    names = people.Names(
        company="Ромашка",
        latin=(("Ada", "Alan", "Grace"), ("Lovelace", "Turing", "Hopper")),
        cyrillic=((("Иван", "Юрий"), ("Щукин", "Орлов")), (("Анна", "Жанна"), ("Щукина", "Орлова"))),
    )
    monkeypatch.setattr(people, "sample_names", lambda seed: names)
    return names


@pytest.fixture(scope="session")
def soc() -> Soc:
    """One organisation for all tests that only read; it has no state to share."""
    return Soc("tests")
