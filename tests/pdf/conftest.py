"""The PKI and a jail, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.pki.authority import make_pki
from tests.pdf.sealing import SealingBench


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> SealingBench:
    return SealingBench(make_pki(tmp_path_factory.mktemp("keys") / "pki"))


@pytest.fixture(scope="session")
def bench_p256(tmp_path_factory: pytest.TempPathFactory) -> SealingBench:
    return SealingBench(make_pki(tmp_path_factory.mktemp("keys") / "pki", "p-256"))


@pytest.fixture
def written(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Writes bytes to a file and returns its path, for external programs."""

    def write(data: bytes, name: str = "file.pdf") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write
