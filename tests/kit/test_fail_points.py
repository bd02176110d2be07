"""A fail point that is armed in a folder strikes once, and only in development."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from meterai.kit.fail_points import from_environment, never

_REACH = """
import os
from meterai.kit.fail_points import from_environment
fail = from_environment(os.environ, development=True)
for name in ("before", "after_sign", "after"):
    fail(name)
"""


def reach(folder: Path) -> int:
    return subprocess.run(
        [sys.executable, "-c", _REACH], env={"METERAI_FAIL_POINT": f"in:{folder}"}, check=False
    ).returncode


def test_an_armed_point_ends_the_first_who_takes_it_away(tmp_path: Path) -> None:
    assert reach(tmp_path) == 0
    (tmp_path / "after_sign").touch()
    assert [reach(tmp_path), reach(tmp_path)] == [137, 0]
    assert list(tmp_path.iterdir()) == []


def test_production_heeds_no_folder(tmp_path: Path) -> None:
    assert from_environment({"METERAI_FAIL_POINT": f"in:{tmp_path}"}, development=False) is never
