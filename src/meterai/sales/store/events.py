"""Events: selections with a deadline, set by configuration."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from meterai.kit.database import Connection
from meterai.sales.events import Event


async def put_events(tx: Connection, events: Sequence[Event], *, staying: Collection[str]) -> None:
    """Writes these events as active. Those in `staying` keep their state.

    Other events are kept for their orders, but are not offered."""
    await tx.execute(
        "UPDATE sales.event SET active = false WHERE active AND slug <> ALL ($1)",
        [*(event.slug for event in events), *staying],
    )
    for event in events:
        await tx.execute(
            """INSERT INTO sales.event (slug, name, name_en, agency, agency_en, opens_at, closes_at, zone,
                   required_documents, output_bytes_max, pdf_version_min, signed_later, hand_in, active)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, true)
               ON CONFLICT (slug) DO UPDATE SET name = excluded.name, name_en = excluded.name_en,
                   agency = excluded.agency, agency_en = excluded.agency_en,
                   opens_at = excluded.opens_at, closes_at = excluded.closes_at, zone = excluded.zone,
                   required_documents = excluded.required_documents,
                   output_bytes_max = excluded.output_bytes_max, pdf_version_min = excluded.pdf_version_min,
                   signed_later = excluded.signed_later, hand_in = excluded.hand_in, active = true""",
            event.slug,
            event.name,
            event.name_en,
            event.agency,
            event.agency_en,
            event.opens_at,
            event.closes_at,
            event.zone,
            msgspec.to_builtins(event.required_documents),
            event.output_bytes_max,
            event.pdf_version_min,
            event.signed_later,
            msgspec.to_builtins(event.hand_in),
        )
