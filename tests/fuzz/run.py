"""Fuzzes one target with coverage: `python -m tests.fuzz.run TARGET SECONDS FOLDER`, by `script/fuzz`.

A finding ends the run: its input is left in FOLDER as `crash-...`, and the exit code is not 0.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris  # type: ignore[import-not-found]

_OURS = [
    "meterai.kernel", "meterai.pdf", "meterai.signatures.stamp_code", "meterai.kit.files.zip_archive",
    "meterai.stamping.in_jail", "meterai.stamping.signer_wire", "meterai.verification.in_jail",
    "meterai.kit.http.form_reader", "multipart",
]  # fmt: skip

with atheris.instrument_imports(include=_OURS):
    from tests.fuzz.targets import TARGETS

FOUND = Path(__file__).parent / "found"


def main(name: str, seconds: int, folder: Path) -> None:
    target = TARGETS[name]
    corpus = folder / name
    corpus.mkdir(parents=True, exist_ok=True)
    former = [path.read_bytes() for path in (FOUND / name).glob("*")]
    for number, seed in enumerate([*target.seeds(), *former]):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [
        f"-max_total_time={seconds}",
        f"-artifact_prefix={folder}/crash-{name}-",
        "-rss_limit_mb=2000",
        "-timeout=10",
        "-max_len=16384",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
