"""The server's own authority: whom it convinces, what it keeps, and what it says when it cannot."""

from __future__ import annotations

import ssl
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from mock_kuma import tls
from mock_kuma.clock import SECOND, system_now

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400 * SECOND


def shake_hands(made: tls.Certificate, host: str) -> None:
    """Have a strict client that trusts the folder's authority meet a server with this certificate."""
    client_side = ssl.create_default_context(cafile=str(made.ca_file))
    client_side.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python does from 3.13 on
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_side.wrap_bio(to_client, to_server, server_hostname=host)
    server = tls.context(made).wrap_bio(to_server, to_client, server_side=True)
    done: set[ssl.SSLObject] = set()
    while len(done) < 2:
        for side in (client, server):
            try:
                side.do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                continue


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "kuma.example.com", "10.1.2.3"])
def test_a_strict_client_is_convinced(tmp_path: Path, host: str) -> None:
    """The loopback names are covered, whatever else is."""
    shake_hands(tls.server_certificate(tmp_path, host), host)
    shake_hands(tls.server_certificate(tmp_path, host), "localhost")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("expired", "certificate has expired"),
        ("wrong_host", "mismatch"),
        ("untrusted", "unable to get local issuer certificate|self-signed certificate"),
    ],
)
def test_a_spoiled_certificate_is_refused_for_its_one_reason(tmp_path: Path, name: str, why: str) -> None:
    """And for no other: the rest of it is in order."""
    made = tls.spoiled_certificates(tmp_path)[name]

    with pytest.raises(ssl.SSLCertVerificationError, match=why):
        shake_hands(made, "127.0.0.1")


def test_keys_are_their_owners_alone(tmp_path: Path) -> None:
    """Every file but the authority's certificate, which is for everybody, and has no key in it."""
    tls.server_certificate(tmp_path, "127.0.0.1")
    tls.spoiled_certificates(tmp_path)

    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}

    assert modes.pop("ca.pem") == 0o644
    assert set(modes.values()) == {0o600}
    assert "PRIVATE" not in (tmp_path / "ca.pem").read_text(encoding="ascii")


def test_what_exists_is_used_again(tmp_path: Path) -> None:
    """A second start changes no byte; another host gets a certificate of the same authority."""
    first = tls.server_certificate(tmp_path, "127.0.0.1")
    tls.spoiled_certificates(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    again = tls.server_certificate(tmp_path, "127.0.0.1")
    tls.spoiled_certificates(tmp_path)
    dotted, dashed = (tls.server_certificate(tmp_path, host) for host in ("a.b", "a-b"))

    assert again == first
    assert {path: path.read_bytes() for path in before} == before
    assert len({first.chain_file, dotted.chain_file, dashed.chain_file}) == 3
    shake_hands(dotted, "a.b")
    shake_hands(dashed, "a-b")


def test_a_start_with_certificates_in_place_is_cheap(tmp_path: Path) -> None:
    """Neither the library that makes them nor Python's TLS is loaded for it."""
    tls.server_certificate(tmp_path, "127.0.0.1")
    tls.spoiled_certificates(tmp_path)
    program = (
        "import pathlib, sys; from mock_kuma import tls; folder = pathlib.Path(sys.argv[1]);"
        "tls.server_certificate(folder, '127.0.0.1'); tls.spoiled_certificates(folder);"
        "print([name for name in ('cryptography', 'ssl') if name in sys.modules])"
    )

    run = subprocess.run(
        [sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True, timeout=30
    )

    assert run.stdout == "[]\n"


def test_servers_that_start_at_once_agree(tmp_path: Path) -> None:
    """On one authority, and no key meets the certificate of another."""
    starters = 8
    for number in range(5):
        folder = tmp_path / str(number)
        together = threading.Barrier(starters)

        def start(_: int, folder: Path = folder, together: threading.Barrier = together) -> bytes:
            together.wait(5)
            made = tls.server_certificate(folder, "127.0.0.1")
            for one in (made, *tls.spoiled_certificates(folder).values()):
                tls.context(one)
            shake_hands(made, "127.0.0.1")
            return made.ca_file.read_bytes()

        with ThreadPoolExecutor(starters) as pool:
            authorities = set(pool.map(start, range(starters)))

        assert authorities == {(folder / "ca.pem").read_bytes()}
        assert [path for path in folder.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("days", [180, 360, 3_000])
def test_a_certificate_is_followed_by_another_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    """What a start finds is valid for half a year more at least, and signed by the same authority."""
    first = tls.server_certificate(tmp_path, "127.0.0.1")
    now = system_now() + days * DAY
    monkeypatch.setattr(tls, "system_now", lambda: now)

    later = tls.server_certificate(tmp_path, "127.0.0.1")

    found = x509.load_pem_x509_certificate(later.chain_file.read_bytes())
    assert later.chain_file != first.chain_file
    assert found.not_valid_after_utc.timestamp() > now / SECOND + 180 * 86_400
    authority = x509.load_pem_x509_certificate(later.ca_file.read_bytes())
    found.verify_directly_issued_by(authority)
    assert authority.not_valid_after_utc >= found.not_valid_after_utc


def test_a_new_authority_has_new_certificates(tmp_path: Path) -> None:
    """After the old one was deleted, nothing that it signed is served any more."""
    tls.server_certificate(tmp_path, "127.0.0.1")
    tls.spoiled_certificates(tmp_path)
    (tmp_path / "ca-pair.pem").unlink()

    shake_hands(tls.server_certificate(tmp_path, "127.0.0.1"), "127.0.0.1")


def test_the_file_to_trust_comes_back(tmp_path: Path) -> None:
    """Deleting it, or writing over it, does not change the authority."""
    made = tls.server_certificate(tmp_path, "127.0.0.1")
    authority = made.ca_file.read_bytes()

    for spoil in (made.ca_file.unlink, lambda: made.ca_file.write_bytes(b"something else")):
        spoil()
        tls.server_certificate(tmp_path, "127.0.0.1")

        assert made.ca_file.read_bytes() == authority


@pytest.mark.parametrize("rubbish", [b"", b"rubbish", b"-----BEGIN CERTIFICATE-----\nrubbish\n"])
def test_a_damaged_authority_is_named_and_not_replaced(tmp_path: Path, rubbish: bytes) -> None:
    """Replacing it in silence would make clients that trust it fail without a reason."""
    (tmp_path / "ca-pair.pem").write_bytes(rubbish)

    with pytest.raises(tls.TlsProblem) as raised:
        tls.server_certificate(tmp_path, "127.0.0.1")

    assert str(tmp_path) in str(raised.value)
    assert "delete" in str(raised.value)
    assert (tmp_path / "ca-pair.pem").read_bytes() == rubbish


def test_a_damaged_certificate_is_named(tmp_path: Path) -> None:
    """By its folder, and with what to do."""
    made = tls.server_certificate(tmp_path, "127.0.0.1")
    made.chain_file.chmod(0o600)
    made.chain_file.write_bytes(b"rubbish")

    with pytest.raises(tls.TlsProblem, match="are damaged; delete"):
        tls.context(made)


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    """A file stands in its place."""
    place = tmp_path / "taken"
    place.write_bytes(b"")

    with pytest.raises(tls.TlsProblem, match=f"{place}.*exists.*--data-folder"):
        tls.server_certificate(place, "127.0.0.1")
