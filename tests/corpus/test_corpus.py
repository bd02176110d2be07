"""Documents of many producers: each is stamped, read back and judged, or refused for the right reason."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from sandbox.pki.authority import make_pki
from tests.corpus.ladder import Report, climb_all, open_ladder
from tests.pdf.sealing import SealingBench

FOLDER = Path(__file__).parent
FILES = FOLDER / "files"
MANIFEST: list[dict[str, Any]] = msgspec.json.decode((FOLDER / "manifest.json").read_bytes())


def test_the_manifest_names_every_file_once() -> None:
    there = sorted(str(path.relative_to(FILES)) for path in FILES.rglob("*.pdf"))
    assert [entry["file"] for entry in MANIFEST] == there


def test_the_corpus_is_broad_and_small() -> None:
    whole = [entry for entry in MANIFEST if not entry.get("mutation")]
    assert len(MANIFEST) >= 150
    assert len({entry["producer"] for entry in whole}) >= 12
    assert len(whole) >= 0.7 * len(MANIFEST)
    assert sum(path.stat().st_size for path in FILES.rglob("*.pdf")) < 6_000_000


def test_every_file_may_be_shipped() -> None:
    assert [entry["file"] for entry in MANIFEST if not (entry["source"] and entry["licence"])] == []


async def test_every_file_becomes_what_it_must(tmp_path: Path) -> None:
    processes = min(2, os.cpu_count() or 1)
    async with open_ladder(SealingBench(make_pki(tmp_path / "pki")), slots=processes) as ladder:
        reports = await climb_all(
            ladder,
            {entry["file"]: FILES / entry["file"] for entry in MANIFEST},
            passwords={entry["file"]: entry["password"] for entry in MANIFEST if "password" in entry},
            at_once=processes,
        )
    pairs = zip(MANIFEST, reports, strict=True)
    wrong = [f"{entry['file']}: {said}" for entry, report in pairs if (said := _differences(entry, report))]
    assert not wrong, "\n".join(wrong)


def _differences(entry: dict[str, Any], report: Report) -> list[str]:
    """What became of a file, where that isn't what the manifest says."""
    if entry["expect"] != "stamped":
        right = (report.outcome, report.refusal) == ("refused", entry["expect"])
        return [] if right else [report.outcome, report.refusal, *report.faults]
    found = [fault for fault in report.faults if not fault.startswith(entry.get("tolerated") or "-")]
    if report.outcome in ("refused", "failed"):
        return [report.outcome, report.refusal]
    if report.repaired != entry.get("repaired", False):
        found.append(f"repaired: {report.repaired}")
    if report.profile != entry["profile"]:
        found.append(f"profile: {report.profile}")
    return found
