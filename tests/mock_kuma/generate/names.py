"""``make names``: the names of the simulated organisation, from Faker's lists.

``python -m tests.mock_kuma.generate.names`` writes ``mock_kuma/generate/data/names.toml``. Faker is 16 MB,
slow to import, and changes its lists from version to version; so it is asked once, here, and not by users.
Rule: the file holds nothing but what Faker said.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from faker.providers.company.en_US import Provider as Company
from faker.providers.person.en_US import Provider as English
from faker.providers.person.ru_RU import Provider as Russian

FILE: Final = Path(__file__).parents[3] / "mock_kuma" / "generate" / "data" / "names.toml"
#: So many of the most frequent ones of a list; 24 of them work in one organisation.
MOST: Final = 250
_HEAD: Final = """\
# First names and surnames of the organisation's people, and what ends a company's name; from Faker's lists
# (https://github.com/joke2k/faker, MIT licence). Written by `make names`: a change changes what seeds give.
"""


def lists() -> dict[str, tuple[str, ...]]:
    """Return Faker's lists, the most frequent names first where it knows how frequent they are."""
    return {
        "latin_first": _most(English.first_names),
        "latin_last": _most(English.last_names),
        "male_first": _most(Russian.first_names_male),
        "male_last": _most(Russian.last_names_male),
        "female_first": _most(Russian.first_names_female),
        "female_last": _most(Russian.last_names_female),
        "company_suffix": _most(Company.company_suffixes),
    }


def _most(names: object) -> tuple[str, ...]:
    if isinstance(names, dict):
        return tuple(sorted(names, key=lambda name: (-names[name], name)))[:MOST]
    assert isinstance(names, tuple)
    return tuple(dict.fromkeys(names))[:MOST]


def text() -> str:
    """Return the file's contents."""
    rows = [_HEAD]
    for key, names in lists().items():
        rows.append(f"{key} = [")
        for at in range(0, len(names), 10):
            quoted = [f'"{name}"' for name in names[at : at + 10]]
            rows.append(f"    {', '.join(quoted)},")
        rows.append("]")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(f"{FILE.name}: {sum(map(len, lists().values()))} names")
