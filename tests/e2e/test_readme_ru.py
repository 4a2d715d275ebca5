"""The Russian pages say the same as the English ones: their commands, their tables of codes, their links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAIRS = {"README.ru.md": "README.md", "docs/first-steps.ru.md": "docs/first-steps.md"}


def commands(page: str) -> list[str]:
    """Return the commands of a page's shell blocks, without comments."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize("page", PAIRS)
def test_every_command_is_one_of_the_english_page(page: str) -> None:
    """A command that changes there is noticed here."""
    english = commands(PAIRS[page])

    assert [line for line in commands(page) if line not in english] == []


@pytest.mark.parametrize("page", PAIRS)
def test_the_exit_codes_are_those_of_the_english_page(page: str) -> None:
    """The same numbers in the same order."""
    tables = [
        re.findall(r"^\| (\d) \|", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
        for name in (page, PAIRS[page])
    ]

    assert tables[0] == tables[1] != []


@pytest.mark.parametrize("page", PAIRS)
def test_every_link_leads_to_a_page(page: str) -> None:
    """Generated pages have a top that a person wrote."""
    folder = (ROOT / page).parent
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text(encoding="utf-8"))

    lost = [link for link in links if not (folder / link).exists()]
    assert [link for link in lost if not (folder / link.replace(".md", ".in.md")).exists()] == []
