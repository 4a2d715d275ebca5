"""Licences of all that an installation brings along: on the list, or the package is named with a reason."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING

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
