"""Codes of six digits, or ten: their purposes and limits. The database makes them and compares them.

So this process never sees a code that it did not receive from the person who typed it.

Anybody can have codes sent to any contact. Still nobody is flooded with messages, and requests of others
never refuse a code to the person whose contact it is:

- **While a code is open, later requests of the same kind of asker (`Asker`) share it.** They get no message
  of their own. The page says when the code was sent, and that it is valid. Each request has five tries and
  ten minutes.
- A request also takes the code of a later message. People type the newest one, and strangers may have caused
  it (`customers.code_typed`, SQL).
- A contact gets its next message 30 seconds after the first, then after one minute, two, four, and so on up
  to an hour (`customers.message_gap`, SQL). A code that is used ends that count. Somebody who asks day and
  night causes about 7 messages in the first hour and 30 in a day, and each brings a code that is valid.
- From ten requests for a contact in 15 minutes on, a request needs work, or a wait without JavaScript
  (`customers.work_of`). It grows up to what takes a slow phone a second.
- A network's strangers need work by what they asked for before (`web/account/code_work.py`).
- A known browser needs no work and shares no code. It has five messages in 15 minutes of its own.
- At a foreign country's numbers, strangers get few messages a day (`Budgets`), because they are dear.

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

import msgspec

from meterai.kit.formats.pasted_text import digits_of
from meterai.kit.http.client_network import caller_of

CODE_LIFE = timedelta(minutes=10)
"""This and the next one stand in `customers.make_code` and `customers.check_code` (SQL), too."""
ATTEMPTS_MAX = 5
WINDOW = timedelta(minutes=15)
SHARED_FOR = timedelta(hours=1)
"""How long a code that nobody used may be shared. It is kept for so long after its end."""
COUNTED_FOR = timedelta(days=30)
"""How long the counts of a day are kept."""
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


class Budgets(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages with codes a day may cost. The home country's and e-mail's only raise an alarm."""

    home: str = "62"
    """The country code of most people."""
    home_most: int = 20_000
    email_most: int = 50_000
    foreign_most: int = 100
    """To the numbers of each other country code, for strangers. Then they need an e-mail address."""


class WorkBrought(msgspec.Struct, frozen=True, kw_only=True):
    """The work for a request, as the door has checked it."""

    needed: int = 0
    """By the network that asks, when a stranger does."""
    work: int = 0
    waited: bool = False


def read_code(text: str) -> str:
    """The digits that a person typed, in any spacing: ` 123-456 ` is `123456`. Empty: no code at all."""
    digits = digits_of(text)[:16]
    return digits if digits.isascii() and digits.isdecimal() else ""


def address_mac(secret: bytes, address: str) -> bytes:
    """The digest of the asking address that is stored: enough to count, not enough to identify. All addresses
    of an IPv6 network have the same."""
    return hmac.digest(secret, b"address\x00" + caller_of(address).encode(), hashlib.sha256)
