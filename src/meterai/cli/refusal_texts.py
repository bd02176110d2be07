"""What a command says of a refusal: what happened, what to do, its code. In English, as all commands speak.

What runs and keeps the service has words of its own here, for whoever does that; the rest are the site's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.mechanism.filling import fill, named
from meterai.texts.mechanism.translation import translate
from meterai.texts.notices import NOTICE_FACTS, NOTICES
from meterai.texts.refusals import TABLE

WORDS: Final[dict[str, tuple[str, str]]] = {
    # the service
    "service.not_running": (
        "No service is running on {data}.",
        "Start it: script/server (or: meterai up).",
    ),
    "service.newer": (
        "The service that runs is of a newer release than this command. Nothing was done.",
        "Run the command of that release: {checkout}/.venv/bin/meterai.",
    ),
    "client.name": ("A client's name has 1 to 80 characters.", "Give it a shorter name."),
    "client.scope": ("There is no such scope, or none was named.", "Choose from: {scopes}."),
    "client.network": (
        "A network is written as 203.0.113.0/24 or 2001:db8::/32, and a client has at most 100.",
        "Write each one without host bits.",
    ),
    "client.cap": ("A cap is a number of stamps from 1 to 2,147,483,647.", "Name another number."),
    "client.unknown": (
        "There is no such client, or it was revoked.",
        "meterai client list ORGANISATION shows those that there are.",
    ),
    "client.key_unknown": (
        "There is no such key, or it has ended.",
        "meterai client list ORGANISATION shows those that there are.",
    ),
    "client.keys_many": ("This client has {most} keys that count.", "End one first: meterai client end-key."),
    "client.key_known": (
        "This key was registered before. A key belongs to one client for good.",
        "Ask the partner for a new key.",
    ),
    "client.key_unreadable": (
        "This file holds no public key.",
        "Ask for it as PEM (BEGIN PUBLIC KEY), or as a JWK.",
    ),
    "client.key_private": (
        "This is a private key. Nobody but the partner's program may have it.",
        "Delete the file. Ask the partner for a new key, and for its public half alone.",
    ),
    "client.key_kind": (
        "Keys of this kind are not taken.",
        "Ask for a P-256 or Ed25519 key, or for RSA with {bits} to 4096 bits.",
    ),
    "login.user_name": (
        "A user name has 3 to 100 letters, digits and the signs . _ @ + -",
        "Name another one, such as the program's e-mail address.",
    ),
    "login.taken": ("This user name is taken.", "Name another one."),
    "login.many": ("This client has {most} logins that count.", "End one first: meterai client end-login."),
    "login.wire_off": (
        "The organisation of this client has the wire off.",
        "Switch it on first: meterai client wire ORGANISATION on.",
    ),
    "login.wire_so": ("The wire is in that state already.", "There is nothing to do."),
    "login.unknown": (
        "There is no such user name, or it has ended.",
        "meterai client list ORGANISATION shows those that there are.",
    ),
    "data.not_ours": ("{data} belongs to another user.", "Run the command as that user."),
    "backup.none": (
        "There is no whole copy in {folder}.",
        "Name the folder that was given to meterai backup.",
    ),
    "backup.no_keys": (
        "METERAI_BACKUP_RECIPIENTS or METERAI_BACKUP_SIGNING_KEY is not set: a copy would be readable to "
        "everybody who reaches it. Nothing was copied.",
        "Make the keys on another machine: meterai backup-key FOLDER (docs/backup.md).",
    ),
    "backup.unencrypted": (
        "{folder} has a copy of an earlier release, which is not encrypted. Nothing was copied.",
        "Name another folder. Delete the old one when the first copy there is whole.",
    ),
    "backup.other_keys": (
        "The copy in {folder} is encrypted to other keys than METERAI_BACKUP_RECIPIENTS (see recipients.txt "
        "there). Nothing was copied.",
        "Name another folder, so that one key opens all of a copy.",
    ),
    "backup.under_way": (
        "Another meterai backup is writing to {folder}.",
        "Wait until it has ended; if that takes long, give it more time between two copies.",
    ),
    "follow.none": (
        "{folder} is not the folder of a meterai follow, or its first round has not ended.",
        "Name the folder that was given to meterai follow.",
    ),
    "follow.under_way": (
        "Another meterai follow writes to {folder}.",
        "systemctl status meterai-follower shows it. Stop it first, or name another folder.",
    ),
    "trust.unreadable": (
        "No root certificate can be read in {folder}.",
        "Name the right data directory (--data), or put pki/trust back from a copy (docs/backup.md).",
    ),
    "object.missing": (
        "A stored file is missing.",
        "meterai check names it; put it back from a copy (docs/backup.md).",
    ),
    "object.damaged": (
        "A stored file is damaged.",
        "meterai check names it; put it back from a copy (docs/backup.md).",
    ),
    "stock.pieces": (
        "A deposit can't pay for {pieces} stamps: at least 1, at most {pieces_max}.",
        "Read the receipt again and give its number of stamps.",
    ),
    "day.not_over": (
        "{day} is not over: a day can be closed from 00.15 WIB of the next one. Nothing was changed.",
        "Run the command again then.",
    ),
    "day.not_next": ("{day} is not the next day to be closed.", "Leave --day out."),
    "day.not_as_booked": (
        "The statement of {day} was not stored: {why}.",
        "Run meterai check. Change no row by hand (docs/day-close.md).",
    ),
    "day.unbalanced": (
        "{day} does not balance, so it has no statement. It takes no more bookings. {why}.",
        "Run meterai check, and meterai books for that day. Change no row by hand (docs/day-close.md).",
    ),
    "day.still_booking": (
        "A transaction that may book on {day} has not ended. There is no statement yet.",
        "Run the command again. If it lasts, look into pg_stat_activity for an open transaction.",
    ),
    "day.no_key": (
        "There is no key of the day close in {path}, or it is not this user's.",
        "meterai up and meterai install make it. With units: runuser -u meterai-closer.",
    ),
    "ledger.id_reused": (
        "This was booked before with other figures. Nothing was booked now.",
        "Of a deposit: read the number of the receipt, and for how many stamps it is, again.",
    ),
    "stock.above_limit": (
        "This is more than one issue may bring, even with two signatures.",
        "Issue it in parts, or raise pieces_per_issue_max in the officers file (docs/on-duty.md).",
    ),
    # people
    "person.unknown": (
        "We hold nothing of this contact.",
        "Ask the person for the e-mail address or telephone number that they used here.",
    ),
    "person.not_settled": (
        "Nothing was erased. This must be settled first: {what}.",
        "Wait, or end it with the person: they give quota back and name an account on the order's page.",
    ),
    # officers
    "officer.may_not": (
        "This key belongs to no officer whose role allows this.",
        "meterai officers list shows who may. A change of the officers file counts once it is recorded: "
        "meterai officers record.",
    ),
    "officer.unsigned": (
        "Officers have to sign this, and have not. Nothing was done.",
        "Run the command again with --sign-with or --signature (docs/on-duty.md, Officers).",
    ),
    "officer.none_recorded": (
        "No officer is recorded in this installation. Nothing was done.",
        "Write the officers file (METERAI_OFFICERS), then: meterai officers record (docs/on-duty.md).",
    ),
    "officer.unknown": (
        "No officer of this name is recorded, or they have no role. Nothing was done.",
        "meterai officers list shows who is recorded. A change of the officers file counts after: "
        "meterai officers record.",
    ),
    "officer.unknown_key": (
        "No officer's key signed this text.",
        "Sign the text that the command printed, unchanged: ssh-keygen -Y sign -n meterai -f KEY FILE. "
        "meterai officers list shows the recorded keys.",
    ),
    "officer.other_text": (
        "This is the text of another act, or of another installation.",
        "Run the command again with the words that it had when it wrote the text.",
    ),
    "officer.not_signed": (
        "ssh-keygen did not sign with {key}: {reason}",
        "Name your private key, or the .pub file of a key in your agent.",
    ),
    "officer.no_ssh_keygen": (
        "ssh-keygen is not installed. Signatures can't be checked.",
        "Install OpenSSH: apt-get install openssh-client.",
    ),
    "officer.signature_used": (
        "This signature was used before. It counts once.",
        "Run the command again without the file: it makes a new text to sign.",
    ),
    "officer.signature_old": (
        "The signed text is too old.",
        "Run the command again: it makes a new text to sign.",
    ),
    "officer.signed_before": (
        "You have signed this request already, and it needs another officer with a key of their own.",
        "Ask another officer: meterai release list shows who may sign.",
    ),
    "release.carried_out": (
        "Two officers have signed this request, and it was carried out, once.",
        "Nothing more needs a signature. meterai history shows it.",
    ),
    "release.not_open": (
        "This request is carried out, withdrawn or too old.",
        "meterai release list shows those that wait.",
    ),
    # refunds
    "refund.unknown": (
        "There is no such refund.",
        "meterai refunds list shows those that wait for an officer.",
    ),
    "refund.not_in_doubt": (
        "This refund goes on by itself, or has ended.",
        "meterai refunds list shows those that wait for an officer.",
    ),
    "refund.not_unsure": (
        "Money went out under the id of this refund, in another way: another payout would pay it twice.",
        "Pay what is missing by hand, then meterai refunds end.",
    ),
    "refund.unapproved": (
        "This payout waits at its provider until somebody approves or rejects it there.",
        "Do that in the provider's dashboard; the refund then goes on by itself.",
    ),
    # keys
    "key.unknown": (
        "No key is registered as {key_id}, or several begin so.",
        "meterai keys list shows every id; give it in full.",
    ),
    "key.known": ("Key {key_id} is registered already.", "meterai keys list shows how it is."),
    "key.unfit": (
        "This key must not sign: its {what} does not fit.",
        "docs/keys.md, section 4, says what a key needs.",
    ),
    "key.retired": (
        "Key {key_id} is retired and never signs again.",
        "Activate another one: meterai keys list shows them.",
    ),
    "key.not_ready": (
        "The signer can't sign with key {key_id}: {reason}.",
        "Activate it once meterai keys list says ready (docs/keys.md, sections 4 and 7).",
    ),
    "key.signs_already": (
        "Key {key_id} is the one that signs now, and goes on until another one begins.",
        "To change keys at that time, activate the other one with --at. To call off one that is planned: "
        "meterai keys activate {key_id}, without --at.",
    ),
    "key.still_active": (
        "Key {key_id} is the one that signs now.",
        "Activate another one first; then this one can be retired.",
    ),
    "signer.unavailable": (
        "The signer does not answer.",
        "It is started again by itself: run the command again in a minute. If it stays so, "
        "logs/signer.log in the data directory says why.",
    ),
    "tsa.unavailable": (
        "The time-stamp authority does not answer.",
        "It is asked again by itself. If it stays so, ask the authority (docs/keys.md).",
    ),
    "tsa.refused": (
        "The time-stamp authority refused to give a time stamp.",
        "It is asked again by itself. If it stays so, ask the authority (docs/keys.md).",
    ),
    "tsa.bad_token": (
        "The time-stamp authority gave a time stamp that can't be used.",
        "It is asked again by itself. If it stays so, ask the authority (docs/keys.md).",
    ),
    # the archive
    "archive.chain_unknown": (
        "A released file's certificates do not lead to a root that is known.",
        "Put pki/trust back as it was (docs/backup.md); the file is tried again by itself.",
    ),
    "archive.file_unreadable": (
        "A released file in the store can't be read any more as it was released.",
        "Judge it with meterai verify, which says why. It is tried again by itself; tell the makers.",
    ),
    "archive.changed": (
        "A renewed file was not what was released, with more behind it. It was not kept.",
        "The released file is as it was. It is tried again by itself; if it stays so, tell the makers.",
    ),
    "archive.not_genuine": (
        "A renewed file would not be judged genuine. It was not kept.",
        "The released file is as it was. Judge it with meterai verify, which says why.",
    ),
    "revocation.unavailable": (
        "An authority does not say whether a certificate is revoked.",
        "It is asked again by itself. If it stays so, ask the authority.",
    ),
    "revocation.bad_answer": (
        "What an authority says about revoked certificates can't be used.",
        "It is asked again by itself. If it stays so, ask the authority.",
    ),
    "revocation.no_address": (
        "A certificate does not say where to ask whether it is revoked.",
        "Without that, the file stays at its level; ask the authority for certificates that say it.",
    ),
    # queues
    "queue.unknown": ("This event has no queue.", "meterai queue status shows the events that have one."),
    "queue.not_the_crowds": (
        "The crowd comes for the event {event}, of which this service has no queue.",
        "Play it on an installation of its own with the shipped events (METERAI_EVENTS_FILE empty).",
    ),
    "queue.another_crowd": (
        "Another crowd is being played against the service on {data}: each would spoil the other's figures "
        "and faults.",
        "Wait until it is over, or end it with Ctrl-C where it was started.",
    ),
    "queue.in_production": (
        "This service is in production, where made-up people have no place: they would stand in line before "
        "others.",
        "Play it on an installation of its own.",
    ),
    "queue.reason_missing": (
        "No reason was given.",
        "Say why with --because; everybody can read it in the public log.",
    ),
    "queue.cap_above_policy": (
        "The policy of this queue allows {policy} people a minute at most.",
        "Give a smaller number, or change the policy in the events file (docs/waiting-room.md).",
    ),
    "queue.expect_above_cap": (
        "A cap of {cap} people a minute is in force.",
        "Lift it first (meterai queue cap without a number), or give a smaller number.",
    ),
    "queue.announcement_over": (
        "The announcement would end in the past.",
        "Give a later --until, or leave it out.",
    ),
    "queue.announcement_too_long": (
        "The announcement is too long: {bytes_max} bytes at most, both languages together.",
        "Say it in fewer words.",
    ),
    # many documents
    "archive.unreadable": (
        "This is no folder, and no ZIP that can be opened. Nothing was done.",
        "Name the folder in which the PDF files lie, or make an ordinary ZIP of them without a password.",
    ),
    "bundle.too_many_files": (
        "Too many files: at most {maximum} for one --out, those of earlier runs included.",
        "Give another --out from now on. More than {maximum} at once: divide them into several folders, each "
        "with its own --out.",
    ),
    "bundle.stamped_already": (
        "It carries an electronic stamp already, so it is left out and no quota is used.",
        "If it really needs another one, run this again with --again.",
    ),
    "output.exists": (
        "Something else lies where the result would go.",
        "Move it away, then run this again.",
    ),
}


_NOTICES: Final = {
    "pdf.notice.signature_fields": (
        "Digital signature fields that are still empty stay only with --sign-later."
    ),
}
"""Where the site's words lead to its page."""


def notice_text(code: str) -> str:
    """What stamping removes or says of a document."""
    return _NOTICES.get(code) or translate(NOTICES[code], "en", NOTICE_FACTS)


def refusal_parts(code: str) -> tuple[str, str]:
    """What happened and what to do, with their `{facts}` yet to be put in."""
    if code in WORDS or code not in TABLE:
        return WORDS.get(code, ("It was refused.", ""))
    return translate(TABLE[code].what, "en"), translate(TABLE[code].next, "en")


def refusal_text(code: str, facts: Mapping[str, object]) -> str:
    """The words of a refusal, behind them its code and those facts that the words do not say."""
    text = " ".join(filter(None, refusal_parts(code)))
    rest = "".join(f", {name}={value}" for name, value in facts.items() if name not in named(text))
    constants = TABLE[code].facts if code in TABLE else {}
    return f"{fill(text, {**constants, **facts}, 'en')} ({code}{rest})"
