"""Requests that all come first: msgspec must know the structs of a package before threads read them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

#: Tells the structs whose fields msgspec looks at when they are read now: a new one, and those not learned.
_LOOKED_AT = """
import sys
import msgspec

class Fresh(msgspec.Struct):
    name: str

def below(kind):
    for one in kind.__subclasses__():
        yield one
        yield from below(one)

def note(frame, event, _):
    if event == "call" and frame.f_code.co_name == "get_class_annotations":
        print(frame.f_locals["obj"].__name__)

kinds = [one for one in below(msgspec.Struct) if one.__module__.startswith(PACKAGE)]
assert len(kinds) > 5
sys.setprofile(note)
for kind in [*kinds, Fresh]:
    msgspec.json.Decoder(kind)
"""
_PREPARED = {
    "mock_kuma": "from mock_kuma import app; app.core(f'sqlite:///{FOLDER}/mock.db')",
    "connector": (
        "from pathlib import Path; from connector.desk.app import build; "
        "from connector.desk.engine import Engine; build(Engine(Path(FOLDER)), secret='secret')"
    ),
    "harness": "from harness.plugin import HarnessPlugin; HarnessPlugin(None, [], print, jobs=4)",
}


@pytest.mark.parametrize("package", _PREPARED)
def test_first_requests_may_come_all_at_once(package: str, tmp_path: Path) -> None:
    """What serves, and what plays checks side by side, has had msgspec look at every struct before."""
    named = f"PACKAGE, FOLDER = {package!r}, {str(tmp_path)!r}"
    script = f"{named}\n{_PREPARED[package]}\n{_LOOKED_AT}"

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (ended.stdout.split(), ended.stderr) == (["Fresh"], "")
