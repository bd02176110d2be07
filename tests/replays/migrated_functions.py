"""Functions of the database as the migrations make them; the template of tests replaces some."""

from __future__ import annotations

import re
from pathlib import Path

from meterai.launcher.schema import migrate


def migrated_function(name: str) -> str:
    """The statement of a migration that makes a function of one statement."""
    for path in sorted((Path(migrate.__file__).parent / "sql").glob("*.sql"), reverse=True):
        if found := re.search(rf"CREATE (FUNCTION {re.escape(name)}\(.*?\n\$\$;)", path.read_text(), re.S):
            return f"CREATE OR REPLACE {found[1]}"
    raise AssertionError(f"no migration makes {name}")
