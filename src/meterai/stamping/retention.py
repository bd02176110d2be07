"""How long uploads are kept."""

from __future__ import annotations

from datetime import timedelta

RETENTION_DAYS = 7
"""Days that an unstamped document of a customer is kept. Stamped ones are kept with their release."""
UNPROVEN_LIFE = timedelta(hours=1)
"""How long an upload is kept after its last use while its sender has proved no contact."""
