"""Changes nothing.

Steps 0041 to 0046 were seven once, and a database that stands at the last of them has all that they bring.
"""

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    """Nothing to do."""
