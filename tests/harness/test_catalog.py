"""The shipped requirements, and the rules that keep them whole."""

from __future__ import annotations

import re
import zlib
from importlib import resources

import msgspec
import pytest

from harness import catalog
from harness.catalog import Area, BadCatalog, Defect, Requirement, checked


def _area(**changes: object) -> Area:
    [first, *_] = catalog.load().areas
    [requirement, *_] = first.requirement
    return Area("FETCH", "Reading", [msgspec.structs.replace(requirement, **changes)])


DEFECTS = [Defect(number, "name", "case") for number in (8, 15, 72)]


def test_the_catalog_covers_its_areas() -> None:
    """Every area of the first release has requirements, and they can be found by id."""
    known = catalog.load()

    assert [area.area for area in known.areas] == ["FETCH", "DEDUP", "UPD", "CLOSE", "AUTH", "NET", "STORY"]
    assert known.find("FETCH-01") is known.requirements[0]
    assert known.find("FETCH-99") is None


def test_every_requirement_has_a_check_and_every_check_a_requirement() -> None:
    """What is not checked is not in the catalog, and the reverse."""
    sources = [
        path for path in (resources.files("harness") / "checks").iterdir() if path.name.endswith(".py")
    ]
    bound = {
        name for path in sources for name in re.findall(r'@requirement\("([A-Z]+-\d\d)"', path.read_text())
    }

    assert bound == catalog.load().ids()


def test_requirements_are_chosen_by_profile_and_by_name() -> None:
    """Both together narrow the choice."""
    known = catalog.load()

    by_profile = known.select(profiles=["security"])
    both = known.select(profiles=["security"], only=["AUTH-02", "FETCH-01"])

    assert {requirement.profile for requirement in by_profile} == {"security"}
    assert [requirement.id for requirement in both] == ["AUTH-02"]
    assert known.select() == known.requirements


def test_every_described_defect_is_named_by_a_requirement() -> None:
    """A class that nothing refers to would be dead text."""
    known = catalog.load()
    named = {number for requirement in known.requirements for number in requirement.defects}

    assert set(known.defects) == named


@pytest.mark.parametrize(
    ("areas", "told"),
    [
        ((_area(), _area()), "FETCH-01 stands in the catalog twice"),
        ((_area(id="CLOSE-01"),), "CLOSE-01 stands in the area FETCH"),
        ((_area(since=2),), "FETCH-01 is of set 2; this is 1"),
        ((_area(defects=[99]),), "FETCH-01 names a defect class without description: 99"),
    ],
)
def test_a_catalog_that_contradicts_itself_is_refused(areas: tuple[Area, ...], told: str) -> None:
    """Mistakes in the data are found when it is loaded."""
    with pytest.raises(BadCatalog, match=told):
        checked(areas, DEFECTS, version=1)


def test_a_defect_is_described_once() -> None:
    """Two descriptions of one number are a mistake."""
    with pytest.raises(BadCatalog, match="described twice"):
        checked((_area(),), [*DEFECTS, DEFECTS[0]], version=1)


def test_a_requirement_is_strict_about_its_fields() -> None:
    """An unknown field is a typing mistake."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"id": "FETCH-01", "titel": "x"}, Requirement)


def test_every_class_of_defects_is_covered_or_its_absence_is_argued() -> None:
    """Of the 75 known classes none is forgotten, and none is both."""
    known, absent = catalog.load(), catalog.absent()
    named = {number for requirement in known.requirements for number in requirement.defects}

    assert {*named, *absent} == set(range(1, 76))
    assert named & absent.keys() == set()
    assert all(why.endswith(".") for why in absent.values())


def test_what_is_asked_changes_with_the_version_of_the_set() -> None:
    """Whoever changes a requirement raises the version, and writes the digest that this test computes."""
    asked = [
        (one.id, one.level, one.profile, one.statement, one.features, one.since, one.scored)
        for known in (catalog.load(), catalog.of_servers())
        for one in known.requirements
    ]

    assert catalog.current().digest == f"{zlib.crc32(msgspec.json.encode(asked)):08x}"


def test_a_requirement_that_does_not_count_is_of_the_latest_set() -> None:
    """It counts in the next set, or leaves: nothing stays on trial."""
    known = catalog.load()
    trial = [one for one in known.requirements if not one.scored]

    assert {one.id for one in trial} == known.unscored()
    assert {one.since for one in trial} <= {known.version}
