"""Who works in the simulated organisation, and which accounts they log on with.

First names and surnames are data (``data/names.toml``, made of Faker's lists once, since Faker is large, slow
to import, and changes its lists from version to version). Knows nothing of machines or events.
Rule: an account name is Latin, unique in the organisation, and made of the person's own name.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from random import Random

    from mock_kuma.generate.seed import Seed

#: The directory's domain: its DNS name, NetBIOS name and distinguished name.
DNS_DOMAIN: Final = "corp.example"
NT_DOMAIN: Final = "CORP"
_BASE_DN: Final = "DC=corp,DC=example"

_STAFF: Final = 125
_ADMINS: Final = 18
_SERVICES: Final = ("svc_backup", "svc_sql", "svc_1c", "svc_scan", "svc_deploy", "svc_mail", "svc_web")
_NAMES_SAMPLED: Final = 24  # of each list: some of 150 people share a surname, as they do elsewhere

_DEPARTMENTS_RU: Final = ("Бухгалтерия", "Отдел кадров", "Отдел продаж", "Юридический отдел", "Склад")
_DEPARTMENTS_EN: Final = ("Finance", "Human Resources", "Sales", "Research", "Customer Support")
_IT: Final = "ИТ-департамент"

#: Cyrillic to Latin, letter by letter, as in a passport; the soft sign has no letter.
_LATIN: Final = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z",
        "и": "i", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
        "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh",
        "щ": "shch", "ъ": "ie", "ы": "y", "ь": "", "э": "e", "ю": "iu", "я": "ia",
    }
)  # fmt: skip


class Lists(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of ``names.toml``: names to choose from."""

    latin_first: tuple[str, ...]
    latin_last: tuple[str, ...]
    male_first: tuple[str, ...]
    male_last: tuple[str, ...]
    female_first: tuple[str, ...]
    female_last: tuple[str, ...]
    company_suffix: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """What one organisation has: the company's name, and lists of first names with lists of surnames."""

    company: str
    latin: tuple[tuple[str, ...], tuple[str, ...]]
    #: One for men and one for women: a Russian surname agrees with the first name.
    cyrillic: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Account:
    """A directory account; ``login`` is its sAMAccountName."""

    login: str
    full_name: str
    department: str
    company: str
    sid: str
    created: str

    @property
    def dn(self) -> str:
        return f"CN={self.full_name},OU={self.department},{_BASE_DN}"

    @property
    def upn(self) -> str:
        return f"{self.login}@{DNS_DOMAIN}"

    def affected(self) -> dict[str, object]:
        """Return the account as an alert lists it, a new dict each time.

        GUESS: the nine keys are the vendor's from recollection; v2 and later may add an id.
        """
        return {
            "displayName": self.full_name,
            "cn": self.full_name,
            "dn": self.dn,
            "upn": self.upn,
            "sAMAccountName": self.login,
            "company": self.company,
            "department": self.department,
            "created": self.created,
            "updated": self.created,
        }


@dataclass(frozen=True, slots=True)
class People:
    """Everybody: ordinary staff, and the administrators and service accounts."""

    staff: tuple[Account, ...]
    admins: tuple[Account, ...]


def sample_names(seed: Seed) -> Names:
    """Choose the organisation's names."""
    random, every = seed.random("names"), _lists()

    def some(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(random.sample(names, _NAMES_SAMPLED))

    return Names(
        company=f"{random.choice(every.latin_last)} {random.choice(every.company_suffix)}",
        latin=(some(every.latin_first), some(every.latin_last)),
        cyrillic=(
            (some(every.male_first), some(every.male_last)),
            (some(every.female_first), some(every.female_last)),
        ),
    )


def hire(seed: Seed, names: Names) -> People:
    """Return the organisation's accounts, about half of them with Cyrillic names."""
    random = seed.random("people")
    domain_sid = "S-1-5-21-" + "-".join(str(random.randrange(10**8, 2**32)) for _ in range(3))
    taken: dict[str, int] = {}

    def account(prefix: str, departments: tuple[str, ...] | None) -> Account:
        is_russian = random.randrange(2) == 1
        firsts, lasts = random.choice(names.cyrillic) if is_russian else names.latin
        first, last = random.choice(firsts), random.choice(lasts)
        # 17 letters leave room for a number: the directory allows 20.
        login = _unique(f"{prefix}{_latin(first)[:1]}.{_latin(last)}"[:17], taken)
        choices = departments or (_DEPARTMENTS_RU if is_russian else _DEPARTMENTS_EN)
        return finished(
            login,
            f"{last} {first}" if is_russian else f"{first} {last}",
            random.choice(choices),
        )

    def finished(login: str, full_name: str, department: str) -> Account:
        # A domain's first ids are its own; accounts begin after them.
        taken[""] = number = taken.get("", 1103) + 1
        sid = f"{domain_sid}-{number}"
        return Account(login, full_name, department, names.company, sid, a_day(random))

    staff = tuple(account("", None) for _ in range(_STAFF))
    admins = tuple(account("adm_", (_IT,)) for _ in range(_ADMINS))
    services = tuple(finished(_unique(login, taken), login, _IT) for login in _SERVICES)
    return People(staff=staff, admins=admins + services)


def a_day(random: Random) -> str:
    """Return a time in the years before the alerts (RFC 3339, UTC); there is no clock to ask."""
    year, month, day = random.randrange(2019, 2024), random.randrange(1, 13), random.randrange(1, 29)
    hour, minute, second = random.randrange(7, 19), random.randrange(60), random.randrange(60)
    return f"{year}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}Z"


@cache
def _lists() -> Lists:
    text = files(__package__).joinpath("data", "names.toml").read_text(encoding="utf-8")
    return msgspec.toml.decode(text, type=Lists)


def _latin(name: str) -> str:
    folded = name.lower().translate(_LATIN)
    return "".join(letter for letter in folded if letter.isascii() and letter.isalpha())


def _unique(login: str, taken: dict[str, int]) -> str:
    """Return the login, numbered when somebody has it already (and note that it is taken)."""
    taken[login] = taken.get(login, 0) + 1
    return login if taken[login] == 1 else f"{login}{taken[login]}"
