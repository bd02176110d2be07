"""What the signer counts."""

from __future__ import annotations

from prometheus_client import Counter

from meterai.kit.measures import seconds

REQUESTS = seconds("signer_request", "Time of requests to the signer.", "request", "outcome")
SEALS = Counter("meterai_signer_seals", "Seals that the signer made.")
