"""What an installation weighs, part by part: the table of ``docs/installation.md``, by ``make wheel``.

Decides which distributions make a part. Knows nothing of how they were installed. Rule: every byte of the
folder of packages is in one row, and the rows add up to the last one; what is put beside it is told apart.
"""

from __future__ import annotations

from importlib.metadata import distributions
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

MB: Final = 1_000_000
#: Each part by its distributions, and what it is for; what is in none is the rest.
PARTS: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    ("SQLAlchemy", ("sqlalchemy",), "every table of the mock and the connector, on SQLite and PostgreSQL"),
    ("uvicorn", ("uvicorn", "httptools"), "the HTTP and TLS server"),
    (
        "cryptography, cffi, pycparser",
        ("cryptography", "cffi", "pycparser"),
        "the certificate authority that HTTPS needs, sealed archives of resources",
    ),
    ("sqlglot", ("sqlglot",), "reads the event search's SQL as ClickHouse does"),
    ("mock-kuma itself", ("mock-kuma",), "three packages, 0.9 of it Bootstrap's style sheet and icons"),
    (
        "Flask and its parts, click",
        ("flask", "werkzeug", "jinja2", "click", "markupsafe", "itsdangerous", "blinker"),
        "pages, APIs, command lines",
    ),
    (
        "httpx and its parts",
        ("httpx", "httpcore", "h11", "anyio", "idna", "certifi", "typing-extensions"),
        "the connector's HTTP client, the mock's listener of transport faults",
    ),
    ("google-re2, pcre2", ("google-re2", "pcre2"), "the event search's patterns, the vendor's name patterns"),
    ("Swagger UI", ("flask-swagger-ui",), "the pages of `/docs`"),
    (
        "keyring and its parts",
        ("keyring", "secretstorage", "jeepney", "more-itertools", "importlib-metadata", "zipp",
         "jaraco-classes", "jaraco-functools", "jaraco-context", "backports-tarfile"),
        "KUMA's token in the system's keyring",
    ),
)  # fmt: skip
_REST: Final = ("the rest", "schedules, counts, models")


def weigh(site: Path) -> dict[str, tuple[int, int]]:
    """Return each distribution's bytes in a folder of packages: its files, and what was compiled of them."""
    found = {}
    for one in distributions(path=[str(site)]):
        paths = [file for path in one.files or [] if (file := _inside(one.locate_file(path), site))]
        sizes = [(path.suffix == ".pyc", path.stat().st_size) for path in paths]
        compiled = sum(size for is_compiled, size in sizes if is_compiled)
        found[_plain(one.metadata["Name"])] = (sum(size for _, size in sizes) - compiled, compiled)
    return found


def elsewhere(site: Path) -> dict[str, int]:
    """Return the bytes that each distribution has put beside a folder of packages, where it has any."""
    found = {}
    for one in distributions(path=[str(site)]):
        paths = [path for path in one.files or [] if not _inside(one.locate_file(path), site)]
        there = (file for path in paths if (file := (site / str(path)).resolve()).is_file())
        found[_plain(one.metadata["Name"])] = sum(file.stat().st_size for file in there)
    return {name: size for name, size in found.items() if size}


def table(found: Mapping[str, tuple[int, int]]) -> str:
    """Return the weights part by part, the heaviest first, as a table of Markdown."""
    named = {name for _, names, _ in PARTS for name in names}
    rows = sorted(
        ((*_sum(found[name] for name in names if name in found), part, use) for part, names, use in PARTS),
        key=lambda row: -(row[0] + row[1]),
    )
    rows.append((*_sum(both for name, both in found.items() if name not in named), *_REST))
    rows.append((*_sum(found.values()), "**together**", ""))
    lines = [f"| {part} | {files / MB:.1f} | {pyc / MB:.1f} | {use} |" for files, pyc, part, use in rows]
    return "\n".join(["| | files | compiled | for |", "| --- | --- | --- | --- |", *lines])


def _sum(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    files, compiled = 0, 0
    for one, other in pairs:
        files, compiled = files + one, compiled + other
    return files, compiled


def _inside(path: object, site: Path) -> Path | None:
    found = (site / str(path)).resolve()
    return found if found.is_relative_to(site.resolve()) and found.is_file() else None


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
