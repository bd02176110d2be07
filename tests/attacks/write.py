"""`python -m tests.attacks.write DIR`: writes every attack and every genuine file, for other verifiers.

DIR gets `trust/` (what to trust), `genuine/`, `attacks/` and `list.tsv` (file, class, name, made from).
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

from tests.attacks.bases import GENUINE, Bases
from tests.attacks.table import ATTACKS


def write(folder: Path) -> int:
    """Returns the number of attacks written."""
    lines = ["file\tclass\tname\tmade from"]
    with tempfile.TemporaryDirectory() as keys:
        bases = Bases.make(Path(keys))
        shutil.copytree(bases.folder / "trust", folder / "trust", dirs_exist_ok=True)
        for name in GENUINE:
            _save(folder / "genuine" / f"{_plain(name)}.pdf", bases[name])
        for number, attack in enumerate(ATTACKS, 1):
            file = f"{number:03d}-{_plain(attack.kind)}-{_plain(attack.name)}-{_plain(attack.base)}.pdf"
            _save(folder / "attacks" / file, attack.make(bases, bases[attack.base]))
            lines.append(f"{file}\t{attack.kind}\t{attack.name}\t{attack.base}")
    _save(folder / "list.tsv", "\n".join(lines).encode() + b"\n")
    return len(ATTACKS)


def _save(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(f"{write(Path(sys.argv[1]))} attacks written to {sys.argv[1]}")
