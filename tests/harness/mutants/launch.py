"""Starts one mutant as a connector: `launch.py NAME`, with a name from a file in `table/`.

Decides nothing about what is broken: it loads the right connector, lets the mutant's function change
it in memory, and runs its adapter; text of the window peer is changed by `mutate.mjs`, which this
process becomes. The rule that must stay true: no file of a right connector is changed, and a name that
is not in the table is an error and not a right connector by accident.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import pkgutil
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE: Final = Path(__file__).resolve().parent
GUIDE: Final = HERE.parent / "peers" / "guide.py"
ROOT: Final = HERE.parents[2]
#: The variable that says where a nursery listens, which forks mutants of the reference connector.
NURSERY: Final = "MUTANT_NURSERY"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One entry of the table. `of` is the right connector that it breaks, the name of the table's file."""

    of: str
    name: str
    breaks: str
    defects: tuple[int, ...]
    fails: tuple[str, ...]
    module: str = ""
    parts: tuple[str, ...] = ()
    change: tuple[tuple[str, str], ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether it is another right design, and no mutant at all."""
        return not self.fails


def table() -> dict[str, Mutant]:
    """Every mutant by its name."""
    mutants: dict[str, Mutant] = {}
    for file in sorted((HERE / "table").glob("*.toml")):
        for entry in tomllib.loads(file.read_text(encoding="utf-8"))["mutant"]:
            if entry["name"] in mutants:
                raise SystemExit(f"{file}: {entry['name']} is there twice")
            values: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
            }
            mutants[entry["name"]] = Mutant(of=file.stem, **values)
    return mutants


def break_with(mutant: Mutant, connector: Any, *, mutants: Mapping[str, Mutant]) -> None:
    """Let the mutant's function, or those of its parts, change the right connector."""
    for name in mutant.parts or (mutant.name,):
        module = importlib.import_module(mutants[name].module)
        getattr(module, name.replace("-", "_"))(connector)


def reference() -> Any:
    """The reference connector's package, with all its modules as attributes, and its adapter as main."""
    sys.path.insert(0, str(ROOT))
    package: Any = importlib.import_module("connector")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"connector.{module.name}")
    package.main = lambda: package.adapter.Adapter().serve(sys.stdin.buffer, sys.stdout.buffer)
    return package


def guide() -> Any:
    """The guide peer as a module."""
    spec = importlib.util.spec_from_file_location("guide", GUIDE)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{GUIDE} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def play(name: str) -> None:
    """Run a mutant until its harness has enough of it."""
    mutants = table()
    if name not in mutants:
        raise SystemExit(f"launch.py: there is no mutant {name!r} in {HERE / 'table'}")
    mutant = mutants[name]
    if mutant.of == "window":
        os.execvp("node", ["node", str(HERE / "mutate.mjs"), json.dumps(mutant.change)])
    connector = guide() if mutant.of == "guide" else reference()
    break_with(mutant, connector, mutants=mutants)
    connector.main()


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if NURSERY in os.environ:
        # Where this is not set, nobody needs to have the tests' folder in reach.
        from tests.harness.mutants.nursery import born  # noqa: PLC0415 -- as said

        sys.exit(born(name, place=os.environ[NURSERY]))
    play(name)


if __name__ == "__main__":
    main()
