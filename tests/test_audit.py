"""The audit finds a pinned version that an advisory names, and nothing else."""

from __future__ import annotations

from tests import audit

ADVISORIES = {
    "jinja2": [
        {"id": "GHSA-1", "v": "<2.11.3", "fixed_in": "2.11.3"},
        {"id": "GHSA-2", "v": ">=3.0,<3.1.6", "fixed_in": "3.1.6"},
    ],
    "msgspec": [{"id": "GHSA-3", "v": "<=0.1", "fixed_in": ""}],
}


def test_pins_are_read_by_their_normal_names() -> None:
    """However a package spells itself."""
    read = audit.pins("# a comment\nFlask-Login==0.6.3\njaraco.classes==3.4.0\nimportlib_metadata==10.2.0\n")

    assert read == {"flask-login": "0.6.3", "jaraco-classes": "3.4.0", "importlib-metadata": "10.2.0"}


def test_a_version_within_an_advisory_is_a_hole() -> None:
    """Each advisory by itself, and its sentence says where to go."""
    found = audit.holes({"jinja2": "3.1.5", "msgspec": "0.1", "flask": "3.1.3"}, ADVISORIES)

    assert list(map(str, found)) == [
        "jinja2 3.1.5: GHSA-2, mended in 3.1.6",
        "msgspec 0.1: GHSA-3, mended in no version",
    ]


def test_a_mended_version_is_none() -> None:
    """Nor one that no advisory knows."""
    assert audit.holes({"jinja2": "3.1.6", "msgspec": "0.22.0"}, ADVISORIES) == []


def test_every_pin_is_looked_up() -> None:
    """No line of the file is left out."""
    lines = audit.PINS.read_text(encoding="utf-8").splitlines()

    assert len(audit.pins("\n".join(lines))) == sum("==" in line for line in lines) > 90
