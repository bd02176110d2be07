"""Charges as the gateway keeps them: states, moves, and how Midtrans writes them down. SQLite below."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec

from sandbox.gateway import channels

JAKARTA = timezone(timedelta(hours=7))
MERCHANT_ID = "G000000001"
_KEPT_SECONDS = 30 * 86400

_CODES = {"pending": "201", "deny": "202", "expire": "407"}
_MESSAGES = {
    "pending": "Success, transaction is found",
    "settlement": "Success, transaction is found",
    "expire": "Success, transaction is found",
}


class RefundMade(msgspec.Struct):
    """One refund of a charge."""

    refund_key: str
    amount: int
    reason: str
    number: int
    made_at: float


class Payment(msgspec.Struct):
    """A charge: opened by the merchant, paid by a person, perhaps refunded. Amounts in rupiah."""

    transaction_id: str
    order_id: str
    channel: str  # Midtrans' payment_type
    amount: int
    name: str
    created_at: float
    expires_at: float
    idempotency_key: str = ""
    status: str = "pending"
    paid_amount: int = 0
    settled_at: float = 0
    bank: str = ""  # of a bank_transfer
    va_number: str = ""  # of an echannel the bill key
    biller_code: str = ""
    qr_string: str = ""
    app_link: str = ""  # opens a wallet's app
    refunds: list[RefundMade] = []

    @property
    def refunded(self) -> int:
        """The sum of all refunds."""
        return sum(refund.amount for refund in self.refunds)

    @property
    def gross_amount(self) -> str:
        """The amount as Midtrans writes it: what was paid, before that what was charged."""
        return f"{self.paid_amount or self.amount}.00"

    def as_midtrans(self) -> dict[str, Any]:
        """The body that status, notice and the answers to changes share."""
        body: dict[str, Any] = {
            "status_code": _CODES.get(self.status, "200"),
            "status_message": _MESSAGES.get(self.status, "Success, transaction is found"),
            "transaction_id": self.transaction_id,
            "order_id": self.order_id,
            "merchant_id": MERCHANT_ID,
            "gross_amount": self.gross_amount,
            "currency": "IDR",
            "payment_type": self.channel,
            "transaction_time": jakarta(self.created_at),
            "transaction_status": self.status,
            "fraud_status": "accept",
            "expiry_time": jakarta(self.expires_at),
        }
        body |= channels.said_of(self)
        if self.settled_at:
            body["settlement_time"] = jakarta(self.settled_at)
        if self.refunds:
            body["refund_amount"] = f"{self.refunded}.00"
            body["refunds"] = [_refund(refund) for refund in self.refunds]
        return body


def jakarta(moment: float) -> str:
    """Seconds since 1970 as Midtrans writes a time: Jakarta's, without a zone."""
    return datetime.fromtimestamp(moment, UTC).astimezone(JAKARTA).strftime("%Y-%m-%d %H:%M:%S")


def _refund(refund: RefundMade) -> dict[str, Any]:
    return {
        "refund_chargeback_id": refund.number,
        "refund_amount": f"{refund.amount}.00",
        "created_at": jakarta(refund.made_at),
        "reason": refund.reason,
        "refund_key": refund.refund_key,
        "refund_method": "online_bank",
        "bank_confirmed_at": jakarta(refund.made_at),
    }


class Book:
    """All that the gateway knows, in one SQLite file. kill -9 of the process loses nothing."""

    def __init__(self, folder: Path, *, now: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "gateway.sqlite", isolation_level=None)
        self._db.executescript(
            """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = NORMAL;
            CREATE TABLE IF NOT EXISTS charge (
                transaction_id TEXT PRIMARY KEY, order_id TEXT NOT NULL UNIQUE, va_number TEXT,
                status TEXT NOT NULL, created_at REAL NOT NULL, expires_at REAL NOT NULL, body BLOB NOT NULL);
            CREATE INDEX IF NOT EXISTS charge_by_status ON charge (status, expires_at);
            CREATE INDEX IF NOT EXISTS charge_by_time ON charge (created_at);
            CREATE INDEX IF NOT EXISTS charge_by_va ON charge (va_number);
            CREATE TABLE IF NOT EXISTS notice (
                id INTEGER PRIMARY KEY, due_at REAL NOT NULL, attempt INTEGER NOT NULL, body BLOB NOT NULL);
            CREATE TABLE IF NOT EXISTS payout (
                reference_no TEXT PRIMARY KEY, idempotency_key TEXT UNIQUE, body BLOB NOT NULL);
            """
        )
        self._db.execute("DELETE FROM charge WHERE created_at < ?", (now - _KEPT_SECONDS,))

    def add(self, payment: Payment) -> None:
        """Keeps a new charge."""
        self._db.execute(
            "INSERT INTO charge VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                payment.transaction_id,
                payment.order_id,
                payment.va_number or None,
                payment.status,
                payment.created_at,
                payment.expires_at,
                msgspec.json.encode(payment),
            ),
        )

    def save(self, payment: Payment) -> None:
        """Keeps a change."""
        self._db.execute(
            "UPDATE charge SET status = ?, body = ? WHERE transaction_id = ?",
            (payment.status, msgspec.json.encode(payment), payment.transaction_id),
        )

    def find(self, key: str) -> Payment | None:
        """The charge with this order id, transaction id or virtual account number."""
        row = self._db.execute(
            "SELECT body FROM charge WHERE order_id = ?1 UNION ALL "
            "SELECT body FROM charge WHERE transaction_id = ?1 UNION ALL "
            "SELECT body FROM charge WHERE va_number = ?1 LIMIT 1",
            (key,),
        ).fetchone()
        return msgspec.json.decode(row[0], type=Payment) if row else None

    def newest(self, status: str, count: int) -> list[Payment]:
        """The newest charges in a state."""
        rows = self._db.execute(
            "SELECT body FROM charge WHERE status = ? ORDER BY created_at DESC LIMIT ?", (status, count)
        )
        return [msgspec.json.decode(row[0], type=Payment) for row in rows]

    def all(self) -> Iterator[Payment]:
        """Every charge, the oldest first."""
        for row in self._db.execute("SELECT body FROM charge ORDER BY created_at"):
            yield msgspec.json.decode(row[0], type=Payment)

    def overdue(self, now: float) -> list[Payment]:
        """Open charges whose time is over."""
        rows = self._db.execute(
            "SELECT body FROM charge WHERE status = 'pending' AND expires_at <= ? LIMIT 200", (now,)
        )
        return [msgspec.json.decode(row[0], type=Payment) for row in rows]

    def add_notice(self, body: bytes, due_at: float) -> int:
        """Keeps a notice that is to be sent."""
        cursor = self._db.execute(
            "INSERT INTO notice (due_at, attempt, body) VALUES (?, 0, ?)", (due_at, body)
        )
        return int(cursor.lastrowid or 0)

    def postpone_notice(self, notice_id: int, *, due_at: float, attempt: int) -> None:
        """Keeps that a notice is tried again later."""
        self._db.execute(
            "UPDATE notice SET due_at = ?, attempt = ? WHERE id = ?", (due_at, attempt, notice_id)
        )

    def drop_notice(self, notice_id: int) -> None:
        """Forgets a notice that was taken, or was tried for the last time."""
        self._db.execute("DELETE FROM notice WHERE id = ?", (notice_id,))

    def notices(self) -> Iterator[tuple[int, float, int, bytes]]:
        """(id, due at, attempt, body) of each notice still to be sent."""
        yield from self._db.execute("SELECT id, due_at, attempt, body FROM notice ORDER BY due_at").fetchall()

    def add_payout(self, reference_no: str, idempotency_key: str, body: bytes) -> None:
        """Keeps an ordered payout; without a key as one that no repeat finds."""
        self._db.execute("INSERT INTO payout VALUES (?, ?, ?)", (reference_no, idempotency_key or None, body))

    def find_payout(self, *, reference_no: str = "", idempotency_key: str = "") -> bytes | None:
        """A payout by its own or the merchant's key."""
        row = self._db.execute(
            "SELECT body FROM payout WHERE reference_no = ? OR idempotency_key = ?",
            (reference_no, idempotency_key or None),
        ).fetchone()
        return row[0] if row else None

    def close(self) -> None:
        """Closes the file."""
        self._db.close()


def new_transaction_id() -> str:
    """A fresh transaction id."""
    return str(uuid.uuid4())
