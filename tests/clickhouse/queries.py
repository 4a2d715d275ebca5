"""Generated queries of the event search, and events for them: every function and clause, from a seed.

Knows neither engine. Rule: a query's answer does not depend on what its ORDER BY leaves open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from random import Random

TEXTS: Final = ("Name", "DeviceVendor", "SourceUserName", "Message")
NUMBERS: Final = ("Type", "Priority", "BytesIn", "BytesOut", "SourcePort", "Timestamp")
FLOATS: Final = ("SourceLatitude", "DeviceCustomFloatingPoint1")
_WORDS: Final = (
    "",
    "netflow",
    "Windows",
    "Иванов",
    "иванов",
    "a%b_c",
    "back\\slash",
    "it's",
    "admin",
    "1",
    "Ünï",
    "x.y",
)
_PATTERNS: Final = ("net", "^W", "[а-я]+", "(\\\\w+)\\\\.(\\\\w+)", "a|b", "o{2}|s$", ".", "(?i)WIN")
_LIKES: Final = ("%net%", "win%", "%ов", "a\\\\%b%", "_dmin", "%", "", "%S%s%")
_LIKE_WORDS: Final = ("LIKE", "ILIKE", "NOT LIKE", "NOT ILIKE")
_INTEGERS: Final = (0, 1, 2, 3, 7, 80, 255, 256, -1, -128, 65_536, 10**10)


@dataclass(frozen=True, slots=True)
class Written:
    """A query's text, and whether its answer has an order."""

    sql: str
    ordered: bool


def events(random: Random, count: int) -> list[dict[str, Any]]:
    """Return events by time, some of whose fields are not there."""
    start = 1_767_225_600_000
    made = []
    for place in range(count):
        event: dict[str, Any] = {
            "ID": f"id-{place:04}",
            "Timestamp": start + place * 37,
            "Type": random.choice((1, 3)),
        }
        for name in TEXTS:
            if random.random() < 0.85:
                event[name] = random.choice(_WORDS)
        for name in ("Priority", "BytesIn", "BytesOut", "SourcePort"):
            if random.random() < 0.8:
                event[name] = random.choice(_INTEGERS)
        for name in FLOATS:
            if random.random() < 0.7:
                event[name] = random.choice((0.0, -0.5, 1.25, 3.0, 1e-7, 123456.75, 1e22, -33.125))
        made.append(event)
    return made


def query(random: Random) -> Written:
    """Return one query."""
    return _Maker(random).query()


class _Maker:
    """Writes one query; ``depth`` bounds how deep expressions go."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def query(self) -> Written:
        if self._random.random() < 0.5:
            return self._grouped()
        columns = self._random.sample((*TEXTS, *NUMBERS, *FLOATS), 2)
        items = [
            "ID",
            *columns,
            *(f"{self._value(2)} AS a{place}" for place in range(self._random.randint(0, 2))),
        ]
        tail, ordered = self._tail(["ID"], items)
        where = f" WHERE {self._condition(2)}" if self._random.random() < 0.8 else ""
        return Written(f"SELECT {', '.join(items)} FROM {self._table()}{where}{tail}", ordered)

    def _grouped(self) -> Written:
        keys = [f"{self._value(1)} AS k{place}" for place in range(self._random.randint(0, 2))]
        names = [f"k{place}" for place in range(len(keys))]
        items = [*keys, *(f"{self._aggregate()} AS v{place}" for place in range(self._random.randint(1, 3)))]
        where = f" WHERE {self._condition(2)}" if self._random.random() < 0.5 else ""
        group = f" GROUP BY {', '.join(names)}" if names else ""
        having = (
            f" HAVING count() > {self._random.randint(0, 5)}" if names and self._random.random() < 0.4 else ""
        )
        tail, ordered = self._tail(names, items) if names else (" LIMIT 1", True)
        return Written(f"SELECT {', '.join(items)} FROM {self._table()}{where}{group}{having}{tail}", ordered)

    def _table(self) -> str:
        return self._random.choice(("events", "`events`"))

    def _tail(self, unique: list[str], items: list[str]) -> tuple[str, bool]:
        """Return ORDER BY, LIMIT and OFFSET; rows are only cut where their order is whole."""
        if self._random.random() < 0.4:
            return " LIMIT 1000", False
        first = [name for name in (item.split(" AS ")[-1] for item in items) if name not in unique][:1]
        order = [f"{name}{self._random.choice(('', ' DESC', ' ASC'))}" for name in (*first, *unique)]
        offset = f" OFFSET {self._random.randint(0, 9)}" if self._random.random() < 0.4 else ""
        return f" ORDER BY {', '.join(order)} LIMIT {self._random.randint(1, 60)}{offset}", True

    def _value(self, depth: int) -> str:
        return self._random.choice((self._text, self._number, self._number))(depth)

    def _text(self, depth: int) -> str:
        if depth == 0 or self._random.random() < 0.3:
            return self._random.choice(TEXTS)
        inner = self._text(depth - 1)
        pattern = self._random.choice(_PATTERNS)
        return self._random.choice(
            (
                f"lower({inner})",
                f"upper({inner})",
                f"concat({inner}, '-', {self._text(depth - 1)})",
                f"toString({self._number(depth - 1)})",
                f"replace({inner}, {self._literal()}, 'Z')",
                f"replaceRegexpOne({inner}, '{pattern}', '<\\\\0>')",
                f"extract({inner}, '{pattern}')",
                f"if({self._condition(depth - 1)}, {inner}, {self._literal()})",
            )
        )

    def _number(self, depth: int) -> str:
        if depth == 0 or self._random.random() < 0.3:
            return self._random.choice((*NUMBERS, *FLOATS))
        left, right = self._number(depth - 1), self._number(depth - 1)
        return self._random.choice(
            (
                f"({left} + {right})",
                f"({left} - {right})",
                f"({left} * {self._random.choice(_INTEGERS)})",
                f"({left} / {right})",
                f"({left} % {self._random.choice((1, 2, 7, 100))})",
                f"-{self._random.choice(NUMBERS)}",
                f"if({self._condition(depth - 1)}, {left}, {left})",
            )
        )

    def _condition(self, depth: int) -> str:
        if depth and self._random.random() < 0.5:
            word = self._random.choice(("AND", "OR"))
            both = f"({self._condition(depth - 1)} {word} {self._condition(depth - 1)})"
            return f"NOT {both}" if self._random.random() < 0.2 else both
        text, number = self._text(min(depth, 1)), self._random.choice(NUMBERS)
        low = self._random.choice(_INTEGERS)
        return self._random.choice(
            (
                f"{text} {self._random.choice(('=', '!=', '<', '>='))} {self._literal()}",
                f"{number} {self._random.choice(('=', '!=', '<', '<=', '>', '>='))} {low}",
                f"{number} BETWEEN {low} AND {low + 100}",
                f"{number} NOT BETWEEN {low} AND {low + 100}",
                f"{text} IN ({self._literal()}, {self._literal()})",
                f"{number} NOT IN ({low}, 1, 3)",
                f"{text} {self._random.choice(_LIKE_WORDS)} '{self._random.choice(_LIKES)}'",
                f"match({text}, '{self._random.choice(_PATTERNS)}')",
            )
        )

    def _aggregate(self) -> str:
        column = self._random.choice((*NUMBERS, *FLOATS))
        return self._random.choice(
            (
                "count()",
                f"count({self._random.choice(TEXTS)})",
                f"countIf({self._condition(1)})",
                f"sum({column})",
                f"avg({column})",
                f"min({column})",
                f"max({self._random.choice(TEXTS)})",
                f"min({self._random.choice(TEXTS)})",
                f"sum({column}) / count()",
                "any(DeviceVendor)",
            )
        )

    def _literal(self) -> str:
        word = self._random.choice(_WORDS).replace("\\", "\\\\").replace("'", "\\'")
        return f"'{word}'"
