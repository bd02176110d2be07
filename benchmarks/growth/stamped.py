"""The history as rows, second half: the documents and what stamping left of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from benchmarks.growth import made_up
from benchmarks.growth.copying import Value, bigint, bigints, integer, jsonb, rows_of, text_of
from benchmarks.growth.made_up import hexadecimal, uuid_texts
from benchmarks.growth.people import Document, People, documents
from meterai.customers.organisations import SELLER

KEY_ID: Final = "00000000000a9e5d"
"""Of the key that sealed the history. It is nobody's."""
ATTEMPTS_BEFORE: Final = 1_000_000_000
"""Attempts of the history are numbered from here, where the service's own are not soon."""

_SELLER = SELLER.bytes
_PLACE = '{"x": 383.68, "y": 230.97, "page": 1, "size": 90.0}'
_INSPECTION = """{"pages": [{"rotation": 0, "width_pt": 595.28, "height_pt": 841.89}], "notices": [],
    "signers": [], "repaired": false, "encrypted": false, "signatures": "none", "size_bytes": 99506,
    "pdf_version": "1.7"}"""
_OUTPUT = """{"offers": [], "too_large": false, "base_bytes": 99565, "rewritable": true,
    "pdf_version": "1.7",
    "stamp_bytes": 23377, "version_low": false, "output_bytes": 122942}"""
_WEEK_HOURS = 168
_YEAR_HOURS = 8_766
_YES: Final = b"\x01"

Row = Mapping[str, Value]


def _stamped(people: People, row: Callable[[Document], Row]) -> bytes:
    """A row for each document, the two of a customer one behind the other."""
    return rows_of(len(people.n), *(row(document) for document in documents(people)))


def uploads(people: People) -> bytes:
    """stamping.document."""
    return _stamped(
        people,
        lambda doc: {
            "id": doc.id,
            "organisation_id": _SELLER,
            "customer_id": people.customer,
            "name": b"surat.pdf",
            "kind": b"surat_lamaran",
            "number": None,
            "document_date": None,
            "stated_value": None,
            "liable_party": None,
            "input_object": hexadecimal(doc.input_digest),
            "input_bytes": bigint(99_506),
            "inspection": jsonb(_INSPECTION),
            "placements": jsonb(f"[{_PLACE}]"),
            "rewritten_from": None,
            "output_bytes_max": bigint(819_200),
            "pdf_version_min": b"1.6",
            "output": jsonb(_OUTPUT),
            "created_at": people.time,
            "retained_until": people.later(_WEEK_HOURS),
            "input_deleted_at": people.later(_WEEK_HOURS),
            "profile": b"final",
            "network": None,
            "normalised": b"\x01",
            "other_object": None,
            "other_bytes": None,
            "upload_object": None,
            "upload_bytes": None,
            "differences": jsonb("[]"),
            "compared_at": None,
            "photos": jsonb("[]"),
            "forgotten_at": None,
            "files_deleted_at": None,
        },
    )


def jobs(people: People) -> bytes:
    """stamping.job."""
    return _stamped(
        people,
        lambda doc: {
            "id": doc.job,
            "organisation_id": _SELLER,
            "customer_id": people.customer,
            "document_id": doc.id,
            "idempotency_key": text_of(uuid_texts(doc.item), b"-", uuid_texts(people.payment)),
            "request_digest": made_up.digests("request", doc.d),
            "lot_account_id": doc.lot,
            "reference_id": doc.item,
            "input_digest": doc.input_digest,
            "state": b"released",
            "refusal_code": None,
            "trouble_code": None,
            "attempts": integer(1),
            "next_attempt_at": None,
            "lease_holder": None,
            "lease_token": bigint(1),
            "created_at": people.time,
            "ended_at": people.time,
            "traceparent": None,
        },
    )


def serials(people: People) -> bytes:
    """stamping.serial."""
    return _stamped(
        people,
        lambda doc: {
            "serial": doc.serial,
            "job_id": doc.job,
            "ordinal": integer(1),
            "reservation_id": doc.transfer("reserve_stamping"),
            "placement": jsonb(_PLACE),
            "state": b"released",
            "allocated_at": people.time,
            "sealed_at": people.time,
            "released_at": people.time,
            "annulled_at": None,
        },
    )


def intents(people: People) -> bytes:
    """stamping.intent."""
    return _stamped(
        people,
        lambda doc: {
            "serial": doc.serial,
            "digest": made_up.digests("to be signed", doc.d),
            "prepared_object": hexadecimal(made_up.digests("prepared", doc.d)),
            "gap_start": bigint(108_642),
            "gap_end": bigint(121_956),
            "created_at": people.time,
        },
    )


def attempts(people: People) -> bytes:
    """stamping.sign_attempt."""
    return _stamped(
        people,
        lambda doc: {
            "id": bigints(doc.d + ATTEMPTS_BEFORE),
            "serial": doc.serial,
            "key_id": KEY_ID.encode(),
            "attempted_at": people.time,
            "abandoned_at": None,
            "hash_request_id": None,
        },
    )


def releases(people: People) -> bytes:
    """stamping.release."""
    return _stamped(
        people,
        lambda doc: {
            "serial": doc.serial,
            "version": integer(1),
            "sha256": hexadecimal(made_up.digests("released", doc.d)),
            "bytes": bigint(122_763),
            "pages": integer(1),
            "document_id": doc.id,
            "released_at": people.time,
            "key_id": KEY_ID.encode(),
            "imported": _YES,
        },
    )


def archives(people: People) -> bytes:
    """stamping.archive."""
    return _stamped(
        people,
        lambda doc: {
            "document_id": doc.id,
            "level": b"B-LTA",
            "proof_until": people.later(10 * _YEAR_HOURS),
            "due_at": people.later(9 * _YEAR_HOURS),
            "attempts": integer(0),
            "trouble_code": None,
            "pending_object": None,
            "asked_digest": None,
        },
    )
