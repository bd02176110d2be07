"""Plays the evening. `script/evening --help` says how."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.browser.chromium import CHROMIUM, running_chromium
from tests.evening.album import Album
from tests.evening.place import FAKE_CLOCK, evening_place
from tests.evening.story import Story

_KEPT: Final = Path(__file__).parents[2] / "docs" / "an-evening"
_NEEDED: Final = {CHROMIUM: "chromium-headless-shell", FAKE_CLOCK: "faketime"}


def main() -> int:
    """Exit code 0: everything happened as it should. 2: a package is missing."""
    parser = argparse.ArgumentParser(prog="script/evening", description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", action="store_true", help="renew the pictures in docs/an-evening")
    asked = parser.parse_args()
    if missing := [package for file, package in _NEEDED.items() if not Path(file).exists()]:
        print(f"evening: this needs packages of Debian: apt-get install {' '.join(missing)}", file=sys.stderr)
        return 2
    folder = _KEPT if asked.pictures else Path(tempfile.mkdtemp(prefix="meterai-evening-pictures-"))
    began = time.monotonic()
    with evening_place() as place, running_chromium() as chromium:
        Story(place, chromium, Album(folder)).play()
    print(f"The evening took {time.monotonic() - began:.0f} s. Its pictures are in {folder}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
