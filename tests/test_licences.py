"""Licences of all that an installation brings along: on the list, or the package is named with a reason."""

from __future__ import annotations

import hashlib
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

if TYPE_CHECKING:
    from importlib.metadata import Distribution

#: Licences under which anybody may use, change and pass on what they like; by parts of their names.
ALLOWED = re.compile(r"\b(MIT|BSD|Apache|PSF|Python Software Foundation|ISC|Zlib|0BSD|CC0)\b", re.IGNORECASE)
NOT_ALLOWED = re.compile(r"GPL|GNU|MPL|Mozilla|SSPL|BUSL|Proprietary|Commercial", re.IGNORECASE)
#: What has another one: used as it is, and no part of the wheel.
OTHERS = {
    "certifi": "MPL-2.0: a list of authorities",
    "hypothesis": "MPL-2.0: the extra `harness`",
    "psycopg": "LGPL-3.0: the extra `postgres`",
    "psycopg-binary": "LGPL-3.0: the extra `postgres`",
}
#: Files of others in the wheel, as their makers released them: Bootstrap 5.3.8, Bootstrap Icons 1.13.1.
ENCLOSED = {
    "LICENSE": "4620c84ad5ce8602ff65640ed6b7c8b78ebb9e036584f0ebc1ccc88206a4bb51",
    "LICENSE-icons": "0fb3e11bd57e896c5a512afd64864d28a37de45d19835016c87ca1ad19ead969",
    "bootstrap-icons.min.css": "a5d6387a32ca3baec4d02336b5b3edab50c9dd518355576a011ea3dd9c1d884e",
    "bootstrap.min.css": "d85327d99c7a3ee1f9b5d0500d1370acea3ad2db39c163c2f51f232baedbdede",
    "fonts/bootstrap-icons.woff2": "6c75710364a1ca5604267716f6d28997b26319fdb078cf11e0b42ab66ff2ea61",
}


def installed(
    name: str, extras: tuple[str, ...], found: dict[tuple[str, tuple[str, ...]], Distribution]
) -> None:
    """Collect a package with everything that it needs here."""
    key = (re.sub(r"[-_.]+", "-", name).lower(), extras)
    if key in found:
        return
    try:
        found[key] = distribution(name)
    except PackageNotFoundError:
        return  # not on this system: its marker says so, or another package brings it
    for text in found[key].requires or []:
        one = Requirement(text)
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in (*extras, "")):
            installed(one.name, tuple(sorted(one.extras)), found)


def licence(package: Distribution) -> str:
    """Return what a package says of its licence: the expression, the classifiers, or the words."""
    said = [
        [one for one in package.metadata.get_all(name) or [] if name != "Classifier" or "License ::" in one]
        for name in ("License-Expression", "Classifier", "License")
    ]
    return " ".join(next(filter(None, said), []))[:200]


def test_nothing_comes_along_under_a_licence_that_binds_its_users() -> None:
    """Also in the extras for vendors; what developers use here is not passed on."""
    found: dict[tuple[str, tuple[str, ...]], Distribution] = {}
    installed("mock-kuma", ("harness", "postgres"), found)

    odd = {
        name: licence(package)
        for (name, _), package in found.items()
        if NOT_ALLOWED.search(licence(package)) or not ALLOWED.search(licence(package))
    }

    assert len(found) > 35
    assert sorted(odd) == sorted(OTHERS)


@pytest.mark.parametrize("package", ["mock_kuma/console", "connector/desk"])
def test_what_others_wrote_is_as_they_released_it(package: str) -> None:
    """With its licences beside it; a new version comes with new digests here."""
    folder = Path(__file__).parent.parent / package / "static" / "bootstrap"

    there = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }

    assert there == ENCLOSED
    assert "MIT License" in (folder / "LICENSE").read_text(encoding="utf-8")
    assert "MIT License" in (folder / "LICENSE-icons").read_text(encoding="utf-8")
