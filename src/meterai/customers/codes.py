"""Codes of six digits, or ten: their purposes and limits. The database makes them and compares them.

So this process never sees a code that it did not receive from the person who typed it.

Anybody can have codes sent to any contact. So each contact gets few codes: nobody is flooded with messages.
A person must still get a code while strangers ask for codes of the same contact, which are of no use to the
person. Therefore each kind of asker (`Asker`) has a count of its own, and one network gets only a part of it.

- A stranger on one network can't keep a person on another network from signing in or ordering. A person on
  the same network can ask over another one. It takes two networks, again and again, to lock somebody out.
- A ticket is given for any contact that is typed at the gate, so the same limits hold at the door. A stranger
  who wants to use up the codes of a called person must hold a ticket with that contact that is called too.
- No stranger can use up the codes of known people.

A guesser could ask for the codes of ten thousand contacts and type five guesses into each: one would be
right. So codes have ten digits where somebody may be guessing:

- for a contact of an account for which many wrong ones were typed;
- for strangers on a network from which that was done, or that asks for codes and does not use them.

Nobody is locked out by that; honest people type four digits more. Known people get six digits until they
have failed five times themselves (decision 0033).
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from enum import StrEnum

from meterai.kit.formats.pasted_text import digits_of
from meterai.kit.http.client_network import caller_of

CODE_LIFE = timedelta(minutes=10)
"""This and the next one stand in `customers.make_code` and `customers.check_code` (SQL), too."""
ATTEMPTS_MAX = 5
WINDOW = timedelta(minutes=15)
PER_CONTACT_MAX = 5
"""For each kind of asker."""
PER_NETWORK_MAX = 3
"""Of these, for one network; known people have all five."""
PER_ADDRESS_MAX = 600
"""Stops a machine, not a village: hundreds of phones share a carrier's address, and a campus has one. An
IPv6 network counts as one (`kit/http/client_network.py`)."""
PER_ADDRESS_OF_CALLED_MAX = 6_000
"""For people who show a ticket of that contact, or are known: neighbours must not lock them out."""
TRIED_WINDOW = timedelta(days=1)
"""How long unused codes with wrong tries are remembered."""
TRIED_PER_ADDRESS = 60
"""From this many wrong tries on, strangers of an address get long codes. A crowd makes few: most people are
right the second time."""
OPEN_PER_ADDRESS = 30
"""From this many unused codes of strangers in the last `WINDOW` on, codes are long too. Otherwise a guesser
would first ask for many and then guess. A crowd behind one address has as many at 12 requests a minute."""
BEHIND_AFTER = timedelta(minutes=1)
BEHIND_MIN = 50
"""While more than `BEHIND_MIN` codes of strangers have waited longer than `BEHIND_AFTER`, strangers get none:
new ones would lapse before they are sent. Called and known people have a lane of their own."""
REPEAT_LIFE = timedelta(seconds=60)
"""How long the right code is accepted again: after a double click the person sees the second answer."""

PROOF_LIFE = timedelta(minutes=15)
"""How long after its code a session may add and remove contacts."""


class Purpose(StrEnum):
    """What a code is for. A code that was asked for with one purpose is good for no other."""

    SIGN_IN = "sign_in"
    CONTACT = "contact"
    """To add the contact to a customer, who is the subject."""
    ORDER_ACT = "order_act"
    """To prove a contact for an act that needs a fresh code. The subject is the order."""


class Asker(StrEnum):
    """By what right somebody asks for the code of a contact."""

    STRANGER = "stranger"
    """Without any right: anybody may try to sign in or order."""
    CALLED = "called"
    """With a ticket of that contact, at the door, while it is called."""
    KNOWN = "known"
    """In a browser in which the contact was proven before."""

    @property
    def per_network_max(self) -> int:
        """How many codes for a contact one network gets."""
        return PER_CONTACT_MAX if self is Asker.KNOWN else PER_NETWORK_MAX


def read_code(text: str) -> str:
    """The digits that a person typed, in any spacing: ` 123-456 ` is `123456`. Empty: no code at all."""
    digits = digits_of(text)[:16]
    return digits if digits.isascii() and digits.isdecimal() else ""


def address_mac(secret: bytes, address: str) -> bytes:
    """The digest of the asking address that is stored: enough to count, not enough to identify. All addresses
    of an IPv6 network have the same."""
    return hmac.digest(secret, b"address\x00" + caller_of(address).encode(), hashlib.sha256)
