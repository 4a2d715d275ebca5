"""The documentation's pages: which there are, in which order, and those that are made of the project's data.

MkDocs loads this module as a hook. Generated are the requirement catalogue, the table of fidelity, the
control API, the adapters, and what stands in the root folder. ``docs/NAME.in.md`` is what a person wrote for
the top of a generated page. Rule: a page that is generated is generated at each
build, so that none can be out of date; a page that is not there is left out of the menu.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mkdocs.structure.files import File, Files

from harness import catalog, kits
from mock_kuma.control import openapi
from tests import fidelity

if TYPE_CHECKING:
    from collections.abc import Callable

    from mkdocs.config.defaults import MkDocsConfig

ROOT: Final = Path(__file__).parents[2]
KITS: Final = ROOT / "harness" / "kits"
#: Sections of the menu, with the pages of each: its name there, and its file.
MENU: Final[dict[str, dict[str, str]]] = {
    "Start": {
        "Overview": "index.md",
        "The first verdict": "first-steps.md",
        "The demo": "demo.md",
        "Первые шаги": "first-steps.ru.md",
    },
    "Judge a connector": {
        "An adapter in your language": "adapters.md",
        "Cortex XSOAR": "xsoar.md",
        "In CI": "ci.md",
        "Requirements": "requirements.md",
    },
    "Use the mock": {
        "Cookbook": "cookbook.md",
        "Control API": "control-api.md",
        "Fidelity": "fidelity.md",
    },
    "Run it": {
        "Containers": "containers.md",
        "Scale": "scale.md",
        "Security": "security.md",
        "Reliability": "reliability.md",
    },
    "The project": {"Design": "design.md", "Changes": "changes.md"},
}
#: How a kit's language is called in words, and what its code is highlighted as, in the order of the tabs.
LANGUAGES: Final = {
    "python": ("Python", "python"),
    "go": ("Go", "go"),
    "java": ("Java", "java"),
    "javascript": ("JavaScript", "js"),
    "powershell": ("PowerShell", "powershell"),
    "shell": ("Shell", "bash"),
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Set the menu to the pages that there are; one that the menu does not know comes last."""
    there = {path.name for path in Path(config.docs_dir).glob("*.md")} | set(generated())
    menu = {
        section: [{name: page} for name, page in pages.items() if page in there]
        for section, pages in MENU.items()
    }
    known = {page for pages in MENU.values() for page in pages.values()}
    menu["More"] = [
        {page.removesuffix(".md"): page} for page in sorted(there - known) if not page.endswith(".in.md")
    ]
    config.nav = [{section: pages} for section, pages in menu.items() if pages]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for name, make in generated().items():
        files.append(File.generated(config, name, content=make()))
    return files


def on_post_page(output: str, **_context: object) -> str:
    """Take the search's shim for pages on a disk from the site itself, and not from elsewhere."""
    return output.replace("https://unpkg.com/iframe-worker/shim", "assets/iframe-worker.js")


def on_post_template(output_content: str, **_context: object) -> str:
    """Do the same for the page of what is not found."""
    return on_post_page(output_content)


def generated() -> dict[str, Callable[[], str]]:
    """Return the pages that are made here, by file name."""
    made: dict[str, Callable[[], str]] = {
        "requirements.md": requirements,
        "fidelity.md": fidelities,
        "control-api.md": control_api,
        "adapters.md": adapters,
        "design.md": lambda: of_root("ARCHITECTURE.md"),
        "changes.md": lambda: of_root("CHANGELOG.md"),
    }
    if (ROOT / "SECURITY.md").exists():
        made["security.md"] = lambda: of_root("SECURITY.md")
    return made


def of_root(name: str) -> str:
    """Return a page of the root folder; links to files that are no pages become plain text."""
    text = (ROOT / name).read_text(encoding="utf-8")
    text = re.sub(r"\]\(docs/([\w.-]+)", r"](\1", text)
    there = {path.name for path in (ROOT / "docs").iterdir()}

    def plain(found: re.Match[str]) -> str:
        kept = found[2].startswith(("http", "#")) or found[2].split("#")[0] in there
        return found[0] if kept else found[1]

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)]+)\)", plain, text)


def requirements() -> str:
    """Return the catalogue: each requirement with its reason, its source, and the defects it finds."""
    known = catalog.load()
    lines = [
        top("requirements"),
        f"There are {len(known.requirements)} of them; this is set {known.version}.",
        "",
    ]
    for area in known.areas:
        lines += [f"## {area.title}", ""]
        for one in area.requirement:
            found = [f"{known.defects[number].name} ({number})" for number in one.defects]
            lines += [
                f"### {one.id}: {one.title} {{#{one.id.lower()}}}", "",
                f"**{one.level}**, profile `{one.profile}`, {one.certainty}.{_entered(one)}", "",
                one.statement, "",
                f"*Why:* {one.rationale}", "",
                f"*Clause:* {one.clause}", "",
                f"*Defects that it finds:* {'; '.join(found)}.", "",
            ]  # fmt: skip
    lines += ["## Defects of real connectors", ""]
    for number, defect in sorted(known.defects.items()):
        lines += [f"{number}\\. **{defect.name}.** {defect.case}", ""]
    lines += ["## Not asked", "", "Classes of defects that no requirement asks about, and why.", ""]
    lines += [f"* {number}: {reason}" for number, reason in sorted(catalog.absent().items())]
    return "\n".join(lines) + "\n"


def _entered(one: catalog.Requirement) -> str:
    """Say of a requirement that came later with which set it did, and whether it counts."""
    told = f" Since set {one.since}." if one.since > 1 else ""
    return told if one.scored else f"{told} *Not scored yet.*"


def fidelities() -> str:
    """Return the table of operations, and what the marks mean."""
    readme = (ROOT / "fixtures" / "README.md").read_text(encoding="utf-8")
    marks = readme.partition("## Marks\n")[2].partition("\n## ")[0]
    table = re.sub(r"<!--.*?-->\n", "", fidelity.table())
    return f"{top('fidelity')}\n## Marks\n{marks}\n\n## Operations\n\n{table}"


def control_api() -> str:
    """Return the operations of the control API, grouped by noun, with the fields of their bodies."""
    told = openapi.document()
    schemas = told["components"]["schemas"]
    groups: dict[str, list[str]] = {}
    for path, methods in told["paths"].items():
        for method, one in methods.items():
            rows = groups.setdefault(one["tags"][0], [])
            short = path.removeprefix("/control/v1")
            rows += [f"### `{method.upper()} {short}`", "", f"{one['summary']}.", ""]
            queries = [f"`{field['name']}`" for field in one["parameters"] if field["in"] == "query"]
            if queries:
                rows += [f"Query: {', '.join(queries)}.", ""]
            if "requestBody" in one:
                rows += fields(one["requestBody"]["content"]["application/json"]["schema"], schemas)
            rows += [f"* `{code}` {said['description']}" for code, said in one["responses"].items()]
            rows += [""]
    sections = [f"## {noun.capitalize()}\n\n" + "\n".join(rows) for noun, rows in sorted(groups.items())]
    sections += ["## Bodies", ""]
    for name, found in sorted(schemas.items()):
        if "properties" in found:
            told_of = found.get("description", "").replace("``", "`")
            sections += [f"### {name}", "", told_of, "", *fields(found, schemas)]
    return f"{top('control-api')}\n" + "\n".join(sections)


def fields(schema: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    """Return a body's fields as a table: name, type, whether it has to be there."""
    found = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if "properties" not in found:
        return []
    must = set(found.get("required", ()))
    rows = [
        f"| `{name}` | {kind(value)} | {'yes' if name in must else ''} |"
        for name, value in found["properties"].items()
    ]
    return ["| field | type | required |", "| --- | --- | --- |", *rows, ""]


def kind(value: dict[str, Any]) -> str:
    """Return a field's type in words."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[`{name}`](#{name.lower()})"
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(kind(one) for one in value["anyOf"]))
    if value.get("type") == "array":
        return f"list of {kind(value.get('items', {}))}"
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    return str(value.get("type", "anything"))


def adapters() -> str:
    """Return the hand-written introduction, followed by each kit as a tab."""
    lines = [top("adapters")]
    for language in sorted(kits.KITS, key=list(LANGUAGES).index):
        name, highlight = LANGUAGES[language]
        kit = kits.KITS[language]
        told = f"`kuma-harness init --language {language} acme` writes this"
        untried = "; its grammar was checked, but nobody here could run it" * (not kit.tried)
        code = (KITS / language / kit.adapter).read_text(encoding="utf-8").rstrip().splitlines()
        lines += [f'=== "{name}"', "", f"    {told}{untried}:", ""]
        lines += [f'    ```{highlight} title="{kit.adapter}"']
        lines += [f"    {line}".rstrip() for line in code]
        lines += ["    ```", ""]
    return "\n".join(lines)


def top(page: str) -> str:
    """Return what a person wrote for a generated page."""
    return (ROOT / "docs" / f"{page}.in.md").read_text(encoding="utf-8")
