"""Arguments and nested data, as integrations read and trim them.

Decides what a word, a list or a number is. Rule: what cannot be read is refused with its name and value.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_YES: Final = frozenset({"y", "yes", "t", "true", "on", "1"})
_NO: Final = frozenset({"n", "no", "f", "false", "off", "0"})


def arg_to_boolean(value: Any) -> bool:
    """Return yes or no; raises ValueError for any other word."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _YES | _NO:
        return value.lower() in _YES
    raise ValueError("Argument does not contain a valid boolean-like value")


def arg_to_list(arg: Any, separator: str = ",", transform: Callable[[Any], Any] | None = None) -> list[Any]:
    """Return a list of a list, of its JSON, or of words with commas between."""
    if not arg:
        return []
    if isinstance(arg, str):
        found = json.loads(arg) if arg.startswith("[") and arg.endswith("]") else arg.split(separator)
        found = [one.strip() if isinstance(one, str) else one for one in found]
    else:
        found = arg if isinstance(arg, list) else [arg]
    return [transform(one) for one in found] if transform else found


def arg_to_number(arg: Any, arg_name: str | None = None, required: bool = False) -> int | None:
    """Return a whole number; raises ValueError for what is none."""
    named = f'"{arg_name}"' if arg_name else "an argument"
    if arg is None or arg == "":
        if required:
            raise ValueError(f"Missing {named}")
        return None
    try:
        return int(float(arg))
    except ValueError:
        raise ValueError(f"Invalid number: {named}={arg}") from None


def assign_params(
    keys_to_ignore: Iterable[str] | None = None, values_to_ignore: Any = None, **given: Any
) -> dict[str, Any]:
    """Return the parameters that have a value."""
    empty = (None, "", [], {}, ()) if values_to_ignore is None else values_to_ignore
    ignored = set(keys_to_ignore or ())
    return {key: value for key, value in given.items() if key not in ignored and value not in empty}


def remove_empty_elements(d: Any) -> Any:
    """Return nested data without what is empty."""
    if isinstance(d, dict):
        kept = {key: remove_empty_elements(value) for key, value in d.items()}
        return {key: value for key, value in kept.items() if value not in (None, "", [], {})}
    if isinstance(d, list):
        return [one for one in map(remove_empty_elements, d) if one not in (None, "", [], {})]
    return d


def dict_safe_get(dict_object: Any, keys: Iterable[Any], default_return_value: Any = None, **_: Any) -> Any:
    """Return what stands under one key after another."""
    for key in keys:
        try:
            dict_object = dict_object[key]
        except (KeyError, IndexError, TypeError):
            return default_return_value
    return dict_object


def urljoin(url: str, suffix: str = "") -> str:
    """Return an address with its suffix, one slash between."""
    return f"{url.rstrip('/')}/{suffix.lstrip('/')}"
