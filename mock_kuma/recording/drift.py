"""Where the mock answers otherwise than a real server did: status, content type, keys and types of JSON.

Values are not compared: they are masked, and the data are others. Rule: a difference names its clause, the
operation and the place in the answer, and each is told once, with how often it was seen.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mock_kuma.recording.exchange import Recorded

_ID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
#: An event has whatever fields its source gave it, so that a missing one says nothing.
_OPEN: Final = re.compile(r"events\[\]\.", re.IGNORECASE)
#: Of a place in a JSON answer: which types were seen there.
Shape = dict[str, set[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the mock said to a request."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs: ``clause`` is the operation and the place, ``what`` is one plain sentence."""

    clause: str
    what: str


def compare(exchanges: Iterable[Recorded], ask: Callable[[Recorded], Answer]) -> Mapping[Difference, int]:
    """Return every difference, and in how many exchanges it was seen; ``ask`` puts a request to the mock."""
    found: Counter[Difference] = Counter()
    for exchange in exchanges:
        found.update(set(_differences(exchange, ask(exchange))))
    return found


def operation(exchange: Recorded) -> str:
    """Return what a request is for: method and path, with ids left open."""
    return f"{exchange.method} {_ID.sub('{id}', exchange.path).rstrip('/')}"


def _differences(real: Recorded, mock: Answer) -> Iterable[Difference]:
    clause = operation(real)
    if real.status != mock.status:
        yield Difference(
            f"{clause} status", f"the real server answered {real.status}, the mock {mock.status}"
        )
        return
    content_type = mock.content_type.split(";")[0].strip().lower()
    if real.content_type != content_type:
        what = f"the real server sent {real.content_type or 'none'}, the mock {content_type or 'none'}"
        yield Difference(f"{clause} content type", what)
    if real.answered.json is msgspec.UNSET:
        return
    try:
        body = msgspec.json.decode(mock.body)
    except msgspec.DecodeError:
        yield Difference(f"{clause} body", "the real server sent JSON, the mock something else")
        return
    yield from _shapes(clause, shape(real.answered.json), shape(body))


def _shapes(clause: str, real: Shape, mock: Shape) -> Iterable[Difference]:
    for place in sorted(real.keys() | mock.keys()):
        parent = place.rpartition("[]" if place.endswith("[]") else ".")[0]
        if place in real and place in mock:
            if not real[place] & mock[place]:
                one, other = (" or ".join(sorted(types)) for types in (real[place], mock[place]))
                yield Difference(f"{clause} {place}", f"the real server has {one}, the mock {other}")
        elif place.endswith("[]") or _OPEN.search(place) or parent not in real or parent not in mock:
            # An empty list says nothing of its elements, and what is missing above was told there.
            continue
        elif "object" in real[parent] & mock[parent]:
            who, whom = ("real server", "mock") if place in real else ("mock", "real server")
            yield Difference(f"{clause} {place}", f"the {who} has this key, the {whom} has not")


def shape(value: Any, place: str = "$") -> Shape:
    """Return the types at every place of a JSON value; the elements of a list share a place."""
    found: Shape = {place: {_type(value)}}
    inner: Iterable[tuple[str, Any]] = ()
    if isinstance(value, dict):
        inner = ((f"{place}.{key}", one) for key, one in value.items())
    elif isinstance(value, list):
        inner = ((f"{place}[]", one) for one in value)
    for where, one in inner:
        for key, types in shape(one, where).items():
            found.setdefault(key, set()).update(types)
    return found


def _type(value: Any) -> str:
    names = {dict: "object", list: "list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "number")
