"""Invites a person by contact to act for an organisation."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.customers.contacts import Contact
from meterai.customers.queries import SessionCustomer
from meterai.kernel.ids import new_id, new_token
from meterai.kit import outbox
from meterai.kit.database import Database
from meterai.kit.messages import Message, entry_of
from meterai.partners.members import store
from meterai.partners.model import MemberRole, Organisation
from meterai.texts.mechanism.languages import prefix_of
from meterai.texts.mechanism.translation import translate
from meterai.texts.partners import INVITATION, MEMBER_ROLES


async def invite_member(
    db: Database,
    by: SessionCustomer,
    organisation: Organisation,
    *,
    contact: Contact,
    role: MemberRole,
    public_url: str,
    language: str,
    now: datetime,
) -> None:
    """Sends a link to a contact. It makes the person who proves the contact a member, once, within 7 days.

    Raises: Refusal FORBIDDEN `session.missing`, `contact.prove_first`, `member.not_allowed`; BUSY
    `invitation.too_many`.
    """
    token = new_token()
    link = f"{public_url}{prefix_of(language)}/undangan/{token}"
    subject, text = (translate(sentence, language) for sentence in INVITATION)
    facts = {
        "organisation": organisation.name,
        "role": translate(MEMBER_ROLES[role], language),
        "link": link,
    }
    message = Message(
        to_kind=contact.kind,
        to=contact.value,
        subject=subject.format_map(facts),
        text=text.format_map(facts),
        language=language,
    )
    async with db.transaction() as tx:
        await store.invite(
            tx,
            by.token,
            organisation.id,
            invitation_id=new_id(now),
            token=token,
            contact=contact,
            role=role,
            now=now,
        )
        await outbox.enqueue_many(tx, [entry_of(message)], now)


async def take_back_invitation(
    db: Database, by: SessionCustomer, organisation_id: UUID, *, invitation_id: UUID, now: datetime
) -> None:
    """Ends an invitation that nobody has accepted. Raises: as `invite_member`; GONE `invitation.ended`."""
    async with db.transaction() as tx:
        await store.take_back_invitation(tx, by.token, organisation_id, invitation_id=invitation_id, now=now)


async def accept_invitation(db: Database, by: SessionCustomer, token: str, *, now: datetime) -> UUID:
    """Makes the person a member, if one of their contacts is invited. Returns the organisation's id.

    Raises: Refusal FORBIDDEN `session.missing`, `invitation.other_contact`; GONE `invitation.ended`;
    CONFLICT `invitation.member_already`.
    """
    async with db.transaction() as tx:
        return await store.accept_invitation(tx, by.token, token, now=now)


async def forget_invitations(db: Database, *, now: datetime) -> int:
    """Deletes invitations whose time is over. Returns how many."""
    async with db.connection() as connection:
        return await store.forget_invitations(connection, now)
