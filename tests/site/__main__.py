"""``make docs``: builds the site strictly, and looks whether it needs anything from elsewhere.

``python -m tests.site`` leaves it in ``site/``. Rule: a page that would load a script, a style, a font or a
picture from another host is an error; links that a reader follows may lead anywhere.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SITE: Final = ROOT / "site"
_LOADED: Final = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^"'\s>]+"""
    r"""|<link\b(?=[^>]*\brel=["']?(?:stylesheet|preload|preconnect|icon))[^>]*\bhref=["']?(?:https?:)?//[^"'\s>]+"""
    r"""|url\(["']?(?:https?:)?//[^)]+|@import\s+["'](?:https?:)?//[^"']+"""
)


def outside(folder: Path) -> list[str]:
    """Return what pages and styles would load from other hosts."""
    files = [*folder.rglob("*.html"), *folder.rglob("*.css")]
    return [
        f"{file.relative_to(folder)}: {found[0][:120]}"
        for file in sorted(files)
        for found in _LOADED.finditer(file.read_text(encoding="utf-8"))
    ]


def build(folder: Path) -> int:
    """Build the site into a folder; return the builder's exit code, 0 where nothing was wrong."""
    command = ["-m", "mkdocs", "build", "--strict", "--clean", "--quiet", "--site-dir", str(folder)]
    # Its maker's notice of another program is no fault of these pages.
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=False).returncode


def main() -> int:
    """Build, look, and say what there is."""
    code = build(SITE)
    if code != 0:
        return code
    loaded = outside(SITE)
    for line in loaded:
        print(f"from elsewhere: {line}", file=sys.stderr)
    pages = len(list(SITE.glob("*.html")))
    if not loaded:
        print(f"{pages} pages, the first is site/index.html; nothing is loaded from elsewhere")
    return 1 if loaded else 0


if __name__ == "__main__":
    sys.exit(main())
