"""What people wrote when they joined, for their own pages: the masked contact, and a name if they gave one.

`gates/<number>/notes` has a record for each ticket, at the place of its sequence. A record is encrypted
under its ticket, whose signature no file keeps. A lost record costs nobody a place.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress

import msgspec

from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.tickets import Ticket

NAME_LENGTH_MAX = 60
NOTE_BYTES = 192
_DOMAIN = b"meterai join note v1\x00"
_NOTHING = bytes(NOTE_BYTES)


class JoinNote(msgspec.Struct, frozen=True, array_like=True):
    """What a person wrote. Nobody has checked it."""

    masked: str
    name: str = ""

    def __repr__(self) -> str:
        return "JoinNote()"  # it stays out of logs and tracebacks


def keep_note(folder: QueueFolder, text: str, ticket: Ticket, note: JoinNote) -> None:
    """Writes the note of a ticket, unless it has one. Raises: OSError."""
    raw = msgspec.json.encode(note)
    if len(raw) > NOTE_BYTES:
        raw = msgspec.json.encode(JoinNote("", note.name))
    handle = os.open(folder.gate(ticket.gate) / "notes", os.O_RDWR | os.O_CREAT, 0o640)
    try:
        at = ticket.sequence * NOTE_BYTES
        if os.pread(handle, NOTE_BYTES, at).strip(b"\x00"):
            return  # somebody else may have typed the same contact
        os.pwrite(handle, _crypted(text, raw.ljust(NOTE_BYTES)), at)
    finally:
        os.close(handle)


def read_note(folder: QueueFolder, text: str, ticket: Ticket) -> JoinNote | None:
    """The note of a ticket whose signature was checked; None when there is none."""
    with suppress(OSError, msgspec.MsgspecError):
        handle = os.open(folder.gate(ticket.gate) / "notes", os.O_RDONLY)
        try:
            raw = os.pread(handle, NOTE_BYTES, ticket.sequence * NOTE_BYTES)
        finally:
            os.close(handle)
        if len(raw) == NOTE_BYTES and raw != _NOTHING:
            return msgspec.json.decode(_crypted(text, raw), type=JoinNote)
    return None


def _crypted(text: str, raw: bytes) -> bytes:
    """Encrypts or decrypts a record: XOR with a stream that follows from the ticket."""
    stream = hashlib.shake_256(_DOMAIN + text.encode()).digest(NOTE_BYTES)
    return (int.from_bytes(raw, "big") ^ int.from_bytes(stream, "big")).to_bytes(NOTE_BYTES, "big")


def drop_notes(folder: QueueFolder) -> int:
    """Deletes the notes of all tickets of a queue. Returns how many files there were. Raises: OSError."""
    files = [folder.gate(number) / "notes" for number in folder.gates()]
    there = [file for file in files if file.exists()]
    for file in there:
        file.unlink(missing_ok=True)
    return len(there)
