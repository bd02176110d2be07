"""The programs of the wheel, which speak no TLS, copy from a server that takes nothing else."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from meterai.launcher.database_dump import DumpFailed, dump_database
from meterai.launcher.tls_way import way_without_tls
from tests.storage_fixtures import TestDatabase

NOT_HERE = "localhost:9,"


def make_certificate(folder: Path, host: str) -> Path:
    """Self-signed, of `host`; its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), 7, now - timedelta(days=1), now + timedelta(days=1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{host}.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@asynccontextmanager
async def tls_before(url: str, certificate: Path) -> AsyncIterator[str]:
    """`host:port` of a server in front of the one at `url`, which takes TLS alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    behind = urlsplit(url)

    async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while said := await source.read(1 << 16):
            sink.write(said)
        sink.close()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            assert await reader.readexactly(8) == bytes.fromhex("0000000804d2162f")
            writer.write(b"S")
            await writer.start_tls(context)
            there, onward = await asyncio.open_connection(behind.hostname, behind.port)
            await asyncio.gather(pass_on(reader, onward), pass_on(there, writer))
        except OSError:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"localhost:{server.sockets[0].getsockname()[1]}"


@pytest.mark.storage
async def test_a_copy_goes_over_tls_by_the_rules_of_our_own_connections(
    database: TestDatabase, tmp_path: Path
) -> None:
    url, copy = database.urls.owner, tmp_path / "copy"
    right, other = (make_certificate(tmp_path, host) for host in ("localhost", "db.example"))
    parts = urlsplit(url)
    user = parts.netloc.rpartition("@")[0]

    def address(hosts: str, root: Path) -> str:
        query = f"sslmode=verify-full&sslrootcert={root}"
        return parts._replace(netloc=f"{user}@{hosts}", query=query).geturl()

    connection = await asyncpg.connect(url)
    async with (
        connection.transaction(isolation="repeatable_read", readonly=True),
        tls_before(url, right) as good,
        tls_before(url, other) as wrong,
    ):
        snapshot = await connection.fetchval("SELECT pg_export_snapshot()")

        async def dump(through: str) -> None:
            await asyncio.to_thread(dump_database, through, copy, snapshot=snapshot)

        await dump(address(NOT_HERE + good, right))
        assert copy.read_bytes()[:5] == b"PGDMP"
        for through, said in (
            (address(good, other), "self-signed certificate"),
            (address(wrong, other), "Hostname mismatch"),
            (address(parts.netloc.rpartition("@")[2], right), "speaks no TLS"),
        ):
            with pytest.raises(DumpFailed, match=said):
                await dump(through)
    await connection.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://o:p@127.0.0.1:5432/d",
        "postgresql:///d?host=/run/postgresql",
        "postgresql://o:p@db.example/d?sslmode=disable",
    ],
)
def test_a_server_beside_us_or_without_tls_is_asked_straight(url: str) -> None:
    with way_without_tls(url) as way:
        assert way == url


def test_what_an_address_says_besides_goes_along() -> None:
    url = "postgresql://o%40x:p%2F@db.example:5433/d?sslmode=require&target_session_attrs=read-write"
    with way_without_tls(url) as way:
        assert way.startswith("postgresql://o%40x:p%2F@%2F")
        assert way.endswith("%2F0:5433/d?target_session_attrs=read-write")


def test_a_folder_in_which_no_socket_can_be_made_ends_it_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("long" * 20) / ("path" * 20)
    deep.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with pytest.raises(OSError), way_without_tls("postgresql://db.example/d?sslmode=require"):
        pass
