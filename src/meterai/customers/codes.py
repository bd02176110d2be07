"""Codes of six digits, or ten: limits, spelling, and the keyed digests that are stored instead of them.

Who can write a contact down can have codes sent to it. So there are few of them for a contact: nobody is
flooded with messages. And what strangers asked for must not shut out the person, to whom a code that
somebody else asked for is of no use. Therefore each kind of asker (`Asker`) has a count of its own, and one
network gets only a part of it. From one network nobody can keep a person who is on another from signing in
or ordering, and a person who shares it may ask over another; it takes two networks, time and again. A
ticket is given for any contact that is typed at the gate, so the same holds at the door; and who wants to
use up the codes of somebody who is called must have taken a place with that contact, early enough to be
called too. Those of the known no stranger can use up.

Who asks for the codes of ten thousand contacts and types five guesses into each is right in the end. So codes
have ten digits where somebody may be guessing: at a contact into whose codes many wrong ones were typed, and
for strangers on a network from which that was done, or that asks for codes and does not use them. Nobody is
shut out by it; who is not guessing has four digits more to type. The known always get six.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from datetime import timedelta
from enum import StrEnum

from meterai.kit.formats.pasted_text import digits_of
from meterai.kit.http.client_network import caller_of

DIGITS = 6
DIGITS_WHERE_GUESSED = 10
CODE_LIFE = timedelta(minutes=10)
ATTEMPTS_MAX = 5
WINDOW = timedelta(minutes=15)
PER_CONTACT_MAX = 5
"""For each kind of asker."""
PER_NETWORK_MAX = 3
"""Of these, for one network; the known have all five."""
PER_ADDRESS_MAX = 600
"""Stops a machine, not a village: hundreds of phones share a carrier's address, and a campus has one. An
IPv6 network counts as one (`kit/http/client_network.py`)."""
PER_ADDRESS_OF_CALLED_MAX = 6_000
"""Of people who show a ticket of that contact, or are known: neighbours must not shut them out."""
TRIED_WINDOW = timedelta(days=1)
"""For so long codes into which something wrong was typed, and that were never used, are remembered."""
TRIED_PER_CONTACT = 20
TRIED_PER_ADDRESS = 60
"""From so many wrong tries on codes are long. Few come from a crowd: who errs once is right the next time."""
OPEN_PER_ADDRESS = 30
"""And from so many strangers' codes of the last `WINDOW` that were not used yet: else they would be asked for
first and guessed at afterwards. A crowd behind one address has as many when 12 a minute ask for one."""
BEHIND_AFTER = timedelta(minutes=1)
BEHIND_MIN = 50
"""While more codes of strangers than that have waited for longer to be sent, strangers get none: those would
lapse before they are sent. Called and known people have a lane of their own."""
REPEAT_LIFE = timedelta(seconds=60)
"""For so long the right code is taken once more: the second click of a double click is the one that shows."""

PROOF_LIFE = timedelta(minutes=15)
"""So long after a code opened the session contacts may be added and removed in it."""


class Asker(StrEnum):
    """By what right somebody asks for the code of a contact."""

    STRANGER = "stranger"
    """By none: anybody may try to sign in, or order."""
    CALLED = "called"
    """With a ticket of that contact, at the door, while it is called."""
    KNOWN = "known"
    """In a browser in which the contact was proven before."""

    @property
    def per_network_max(self) -> int:
        """How many codes for a contact one network gets."""
        return PER_CONTACT_MAX if self is Asker.KNOWN else PER_NETWORK_MAX


def make_code(digits: int) -> str:
    """So many random digits."""
    return f"{secrets.randbelow(10**digits):0{digits}d}"


def read_code(text: str) -> str:
    """The digits that a person typed, in any spacing: ` 123-456 ` is `123456`. May be no code at all."""
    return digits_of(text)[:16]


def code_mac(secret: bytes, code_id: uuid.UUID, code: str) -> bytes:
    """What is stored of a code: nobody who reads the table can try a million codes without the secret."""
    return hmac.digest(secret, b"code\x00" + code_id.bytes + code.encode(), hashlib.sha256)


def address_mac(secret: bytes, address: str) -> bytes:
    """What is stored of the asking address: enough to count, not enough to know. The same for each address of
    an IPv6 network."""
    return hmac.digest(secret, b"address\x00" + caller_of(address).encode(), hashlib.sha256)
