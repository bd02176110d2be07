"""Debian's packages, unpacked into a folder: nothing is installed on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
"""The user's cache folder."""
_DOWNLOAD_SECONDS: Final = 60


def unpack(folder: Path, *packages: str) -> None:
    """Fetches packages by this machine's apt. Afterwards `folder` holds all of them, or it is not there.

    Raises: OSError, subprocess.SubprocessError on other machines than Debian and without a network.
    """
    part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    part.mkdir(parents=True)
    get = ["apt-get", "download", "-qq", *packages]
    try:
        subprocess.run(get, cwd=part, check=True, capture_output=True, timeout=_DOWNLOAD_SECONDS)
        for package in part.glob("*.deb"):
            subprocess.run(["dpkg-deb", "--extract", package, part], check=True)
            package.unlink()
        part.rename(folder)
    except (OSError, subprocess.SubprocessError):
        shutil.rmtree(part)
        raise
