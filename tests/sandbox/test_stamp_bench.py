"""The bench of stamping measures what it says."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest

from benchmarks.commands.side_by_side import figures
from benchmarks.stamping.engines import (
    ENGINES,
    InProcessAuthority,
    make_document,
    measure,
    slope,
    watch_memory,
)
from sandbox.pki.authority import make_pki


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pki(tmp_path_factory.mktemp("bench") / "pki")


@pytest.mark.parametrize("engine", ["meterai", "limit"])
async def test_the_authority_stands_apart(engine: str, pki: Path) -> None:
    authority = InProcessAuthority(pki)
    found = await measure(ENGINES[engine](pki, make_document(60_000), authority), authority, 0.05)
    assert found["count"] >= 1
    assert found["tsa_cpu_seconds"] > 0
    assert found["cpu_seconds"] > 0
    # Together they are this process's whole time: nothing falls between the two.
    assert found["cpu_seconds"] + found["tsa_cpu_seconds"] <= found["wall_seconds"] * 1.2


async def test_what_is_measured_is_a_stamped_file(pki: Path) -> None:
    sealed = await ENGINES["meterai"](pki, make_document(60_000), InProcessAuthority(pki))()
    with pikepdf.open(io.BytesIO(sealed)) as pdf:
        (field,) = pdf.Root.AcroForm.Fields
        assert str(field.T).startswith("Emet")
        assert len(bytes(field.V.Contents).rstrip(b"\0")) > 3000


async def test_memory_is_watched_over_all_sizes(pki: Path) -> None:
    asked: list[int] = []

    async def stamp(size: int) -> bytes:
        asked.append(size)
        return b""

    found = await watch_memory({size: lambda size=size: stamp(size) for size in (10, 100, 1000)}, 400)
    assert found["documents"] == 400
    assert [asked.count(size) for size in (10, 100, 1000)] == [380, 18, 2]
    assert found["peak_mb"] > 1


def test_the_slope_is_that_of_the_line() -> None:
    assert slope([(0, 5), (10, 25), (20, 45)]) == 2
    assert slope([(3, 7)]) == 0


def test_figures_are_per_piece_of_work_and_rates_of_all_processes() -> None:
    part = {"count": 10, "cpu_seconds": 0.05, "tsa_cpu_seconds": 0.01, "wall_seconds": 0.1}
    assert figures([part, part]) == {
        "processes": 2,
        "cpu_ms": 5.0,
        "wall_ms": 10.0,
        "per_second": 200.0,
        "tsa_cpu_ms": 1.0,
    }
