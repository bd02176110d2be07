"""The outbox: messages with codes, and work that others have to ask for."""

from __future__ import annotations

from tests.replays.forbidden_acts.act import Act

_INSERT = "INSERT INTO jobs.outbox (topic, payload, available_at, created_at) VALUES"

ACTS = [
    Act("read codes in messages", "SELECT payload FROM jobs.outbox", may=["worker"]),
    Act("read whole messages", "SELECT * FROM jobs.outbox", may=["worker"]),
    Act("change a message", "UPDATE jobs.outbox SET payload = '{}'"),
    Act("delete messages", "DELETE FROM jobs.outbox", may=["worker"]),
    Act("put messages off", "UPDATE jobs.outbox SET available_at = 'infinity'", may=["worker"]),
    Act(
        "say that a document was released",
        f"{_INSERT} ('stamping.released', '{{}}', now(), now())",
        may=["worker"],
    ),
    Act(
        "say that a document was refused",
        f"{_INSERT} ('stamping.refused', '{{}}', now(), now())",
        may=["worker"],
    ),
    Act("ask for what has no name", f"{_INSERT} ('other', '{{}}', now(), now())", may=["worker"]),
]
