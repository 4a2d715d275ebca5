"""Name patterns: PCRE in any case, and none that makes a search run on."""

from __future__ import annotations

import time

import pytest

from mock_kuma.domain.patterns import MAX_LENGTH, BadPattern, Pattern


def test_an_honest_pattern_finds_its_names_among_many() -> None:
    """Twenty thousand names are far from the limit."""
    names = [f"Suspicious login of user {number}" for number in range(20_000)]

    found = Pattern("^SUSPICIOUS.*user 1999[0-9]$").among(names)

    assert found == names[-10:]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("(a+)+$", ["a" * 5_000 + "b"]),
        # From one place of a name these stay just below the limit; it is the names that are many,
        ("(a+)+[bc]", [f"{'a' * 16}{number}" for number in range(5_000)]),
        # or the places.
        (".{0,50}.{0,50}.{0,40}[bc]", ["a" * 5_000] * 100),
    ],
)
def test_a_catastrophic_pattern_is_refused_within_a_second(pattern: str, names: list[str]) -> None:
    """Of the time that is worked, so that a busy machine changes nothing."""
    compiled = Pattern(pattern)
    began = time.thread_time()

    with pytest.raises(BadPattern, match="too costly"):
        compiled.among(names)

    assert time.thread_time() - began < 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("(", "missing closing parenthesis"),
        ("a" * (MAX_LENGTH + 1), "longer than"),
        ("(*LIMIT_MATCH=4000000000)(a+)+$", "verbs at the start"),
        ("(" * 2_000, "too deeply nested"),
        ("[[:nothing:]]", "POSIX class"),
        ("\ud800", "surrogates not allowed"),
    ],
)
def test_what_is_no_pattern_is_refused(text: str, why: str) -> None:
    """And nobody raises his own limit."""
    with pytest.raises(BadPattern, match=why):
        Pattern(text)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("ПОДОЗРИТЕЛЬНЫЙ.*вхо[дт]$", "Подозрительный ВХОД"),
        (r"^\w+$", "Ёлка"),
        ("^😀.$", "😀ж"),
        (r"(?<=x)(.)\1(?!z)", "xYyq"),
    ],
)
def test_letters_of_any_script_in_any_case_and_what_only_pcre_has(pattern: str, name: str) -> None:
    """A letter is a character, not a byte; a look around and a reference back are patterns, too."""
    assert Pattern(pattern).among([name, "-"]) == [name]


@pytest.mark.parametrize("name", ["\0", "a\0b", "\n", ""])
def test_any_name_is_looked_at(name: str) -> None:
    """A NUL is a letter like another."""
    assert Pattern("z").among([name]) == []
