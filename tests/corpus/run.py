"""Runs any folder of PDFs through the ladder: `python -m tests.corpus.run DIR [--json FILE] [--keep DIR]`.

For each file: the outcome, the refusal's code, whether the 2-D code was read back from the rendered page,
and what pyHanko, pdfsig and `qpdf --check` say. Ends with status 1 when a file failed or came out faulty.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path

import msgspec

from sandbox.pki.authority import make_pki
from tests.corpus.ladder import Report, climb_all, open_ladder
from tests.pdf.sealing import SealingBench


async def run(folder: Path, *, keep: Path | None = None, processes: int = 2) -> list[Report]:
    """Reports on every `*.pdf` below `folder`, by name."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".pdf" and path.is_file())
    with tempfile.TemporaryDirectory() as pki:
        bench = SealingBench(make_pki(Path(pki) / "pki"))
        async with open_ladder(bench, slots=processes) as ladder:
            ladder.keep = keep
            files = {str(path.relative_to(folder)): path for path in found}
            return await climb_all(ladder, files, at_once=processes)


def summary(reports: list[Report]) -> list[str]:
    """The figures at the end."""
    outcomes = Counter(report.outcome for report in reports)
    refusals = Counter(report.refusal for report in reports if report.outcome == "refused")
    passed = len(reports) - outcomes["refused"]
    share = f", {outcomes['stamped'] / passed:.1%} of what was not refused" if passed else ""
    lines = [f"{len(reports)} files: {outcomes['stamped']} stamped{share}"]
    lines += [f"  {count} {name}" for name, count in outcomes.most_common() if name != "stamped"]
    lines += [f"  {count} refused with {code}" for code, count in refusals.most_common()]
    return lines


def _line(report: Report) -> str:
    notes = [report.refusal, *report.faults] if report.outcome != "stamped" else []
    notes += ["repaired"] if report.repaired else []
    notes += [f"notices: {', '.join(report.notices)}"] if report.notices else []
    return f"{report.outcome:8} {report.milliseconds:6} ms  {report.name}  {'; '.join(filter(None, notes))}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path, help="writes the reports there")
    parser.add_argument("--keep", type=Path, help="keeps the stamped files in this folder")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    if asked.keep is not None:
        asked.keep.mkdir(parents=True, exist_ok=True)
    reports = asyncio.run(run(asked.folder, keep=asked.keep, processes=asked.processes))
    for report in reports:
        print(_line(report))
    print(*summary(reports), sep="\n")
    if asked.json is not None:
        asked.json.write_bytes(msgspec.json.format(msgspec.json.encode(reports)))
    return int(any(report.outcome in ("failed", "faulty") for report in reports))


if __name__ == "__main__":
    sys.exit(main())
