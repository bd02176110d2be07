"""Officers with real SSH keys, for tests."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path


def make_ssh_key(file: Path) -> str:
    """Makes a private key without passphrase in `file`. Returns its public line."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", file.name, "-f", str(file)]
    subprocess.run(command, check=True)
    return file.with_suffix(".pub").read_text().strip()


def make_officers(folder: Path, *, more: str = "", **roles: Sequence[str]) -> Path:
    """Makes a key for each name in `folder`, and the officers file beside them. `more`: its first lines."""
    lines = [more]
    for name, his in roles.items():
        names = ", ".join(f'"{role}"' for role in his)
        lines.append(f'[officers.{name}]\nroles = [{names}]\nkeys = ["{make_ssh_key(folder / name)}"]\n')
    file = folder / "officers.toml"
    file.write_text("\n".join(lines))
    file.chmod(0o644)
    return file
