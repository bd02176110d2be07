"""The paths that a jail process may still read: interpreter, packages, shared libraries, fonts, time zones.

Modules and fonts are loaded at first use, so they stay readable. No personal file, no data directory and no
configuration is among them.
"""

from __future__ import annotations

import os
import sys
import sysconfig

_SYSTEM = (
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/X11/fonts",
    "/lib64",
    "/usr/lib64",
)


def readable_paths() -> list[str]:
    """The absolute paths that exist."""
    return sorted({path for path in (*_python_paths(), *_library_paths(), *_SYSTEM) if os.path.exists(path)})


def _python_paths() -> list[str]:
    paths = sysconfig.get_paths()
    named = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return [os.path.abspath(path) for path in (*named, *sys.path) if path]


def _library_paths() -> list[str]:
    """Library folders of this architecture (Debian's multiarch). Other systems have /lib64."""
    triplet = sysconfig.get_config_var("MULTIARCH")
    return [f"/lib/{triplet}", f"/usr/lib/{triplet}"] if triplet else []
