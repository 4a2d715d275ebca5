"""ClickHouse's types and numbers: which type comes of two, how integers wrap, how floats are written.

Source: a real ClickHouse, asked (``tests/clickhouse/compare.py``). Knows neither columns nor functions.
Rule: a value of an integer type always lies in that type's range.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Final


class Type(StrEnum):
    """The types that an expression can have; ClickHouse's own names."""

    UINT8 = "UInt8"
    UINT16 = "UInt16"
    UINT32 = "UInt32"
    UINT64 = "UInt64"
    INT8 = "Int8"
    INT16 = "Int16"
    INT32 = "Int32"
    INT64 = "Int64"
    FLOAT64 = "Float64"
    STRING = "String"
    NESTED = "nested"  # lists and maps, which can be selected and counted, and nothing else


UNSIGNED: Final = {8: Type.UINT8, 16: Type.UINT16, 32: Type.UINT32, 64: Type.UINT64}
SIGNED: Final = {8: Type.INT8, 16: Type.INT16, 32: Type.INT32, 64: Type.INT64}
_BITS: Final = {kind: bits for family in (UNSIGNED, SIGNED) for bits, kind in family.items()}
_LONGEST: Final = 64
_FLOAT_HOLDS: Final = 32  # the widest integer that a Float64 takes in without loss


def is_number(kind: Type) -> bool:
    """Tell whether arithmetic is possible."""
    return kind in _BITS or kind is Type.FLOAT64


def is_signed(kind: Type) -> bool:
    """Tell whether an integer type has negative values."""
    return kind in SIGNED.values()


def of_integer(value: int) -> Type:
    """Return the type of a literal: the smallest that holds it, a Float64 where none does."""
    for bits, kind in SIGNED.items() if value < 0 else UNSIGNED.items():
        if wrap(value, kind) == value:
            return SIGNED[bits] if value < 0 else UNSIGNED[bits]
    return Type.FLOAT64


def wrap(value: int, kind: Type) -> int:
    """Return what is left of the integer in that type."""
    bits = _BITS[kind]
    value &= (1 << bits) - 1
    return value - (1 << bits) if is_signed(kind) and value >> (bits - 1) else value


def of_arithmetic(function: str, left: Type, right: Type) -> Type:
    """Return the type of ``plus``, ``minus``, ``multiply``, ``divide`` or ``modulo`` of two numbers."""
    if function == "divide" or Type.FLOAT64 in (left, right):
        return Type.FLOAT64
    if function == "modulo":
        # Room for one more bit where the left side can be negative: -199 % 200 is no Int8.
        bits = _BITS[right] * 2 if is_signed(left) else _BITS[right]
        return (SIGNED if is_signed(left) else UNSIGNED)[min(bits, _LONGEST)]
    bits = min(2 * max(_BITS[left], _BITS[right]), _LONGEST)
    signed = function == "minus" or is_signed(left) or is_signed(right)
    return (SIGNED if signed else UNSIGNED)[bits]


def of_negation(kind: Type) -> Type:
    """Return the type of ``-x``."""
    if kind is Type.FLOAT64 or is_signed(kind):
        return kind
    return SIGNED[min(2 * _BITS[kind], _LONGEST)]


def of_sum(kind: Type) -> Type:
    """Return the type of ``sum(x)``."""
    if kind is Type.FLOAT64:
        return kind
    return Type.INT64 if is_signed(kind) else Type.UINT64


def of_either(left: Type, right: Type) -> Type | None:
    """Return the smallest type that holds both without loss, or None."""
    if left is right:
        return left
    if not (is_number(left) and is_number(right)):
        return None
    if Type.FLOAT64 in (left, right):
        other = right if left is Type.FLOAT64 else left
        return Type.FLOAT64 if _BITS[other] <= _FLOAT_HOLDS else None
    if is_signed(left) == is_signed(right):
        return left if _BITS[left] > _BITS[right] else right
    signed, unsigned = (left, right) if is_signed(left) else (right, left)
    return SIGNED.get(max(_BITS[signed], 2 * _BITS[unsigned]))


def remainder(left: int, right: int, kinds: tuple[Type, Type]) -> int:
    """Return what C leaves of an integer division: the sign is the left side's."""
    # C's own conversions: where one side is unsigned and the widest, both are read as unsigned.
    for kind in (Type.UINT64, Type.UINT32):
        if kind in kinds and max(_BITS[one] for one in kinds) == _BITS[kind]:
            left, right = wrap(left, kind), wrap(right, kind)
    size = abs(left) % abs(right)
    return -size if left < 0 else size


def float_remainder(left: float, right: float) -> float:
    """Return what ClickHouse leaves of a division of floats; NaN where there is no remainder."""
    if right == 0 or not math.isfinite(left) or not math.isfinite(right):
        return math.nan
    # Not C's fmod: of large numbers it leaves what the rounded quotient leaves.
    return left - math.trunc(left / right) * right


def quotient(left: float, right: float) -> float:
    """Return the quotient as IEEE 754 has it: nothing fails, there are infinities and NaN."""
    left, right = float(left), float(right)
    if right:
        return left / right
    if not left or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def float_text(value: float) -> str:
    """Return the shortest text that reads back as the number, as ClickHouse writes it."""
    if not math.isfinite(value):
        return repr(value)
    mantissa, _, exponent = f"{value!r}".partition("e")
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = (whole + fraction).lstrip("0").rstrip("0")
    if not digits:
        return "-0" if math.copysign(1.0, value) < 0 else "0"
    # The place of the decimal point, counted from the first digit that is not zero.
    point = len(whole) + int(exponent or 0)
    point -= len(whole + fraction) - len((whole + fraction).lstrip("0"))
    sign = "-" if value < 0 else ""
    if not -6 < point <= 21:  # noqa: PLR2004 -- the ends of plain notation in ClickHouse
        power = f"e{point - 1}"
        return sign + digits[0] + (f".{digits[1:]}" if digits[1:] else "") + power
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return sign + digits.ljust(point, "0")
    return f"{sign}{digits[:point]}.{digits[point:]}"


def json_number(value: float) -> float | int | None:
    """Return a Float64 as ClickHouse writes it in JSON: whole without a point, no NaN or infinity."""
    if not math.isfinite(value):
        return None
    text = float_text(value)
    return float(value) if "." in text or "e" in text else int(text)
