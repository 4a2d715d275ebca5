"""What a server was started with, after its command line was understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """One server's settings; tokens are here as digests only, where they must be kept at all."""

    host: str
    port: int
    console_port: int
    tls: bool
    store: str  # a database URL
    data_folder: Path
    control_digest: str | None  # None: the control API is open
    workers: int
    wire: bool
    kuma_version: str
    seed: str
    events: str | None = None  # the address of the ClickHouse that searches; None: we search ourselves
    strict: bool = False  # 501 where the mock would have to guess
