"""Acts on the clients of the API, which are programs of partners, and on their keys and logins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.forms import Line, Text, Whole
from meterai.console.acts.model import CarryOut, ConsoleAct, Figure, Prepare, Prepared, Word
from meterai.kernel.typed_ids import Prefix, read_id, write_id
from meterai.kit.acting import Actor
from meterai.partners.clients.model import ALL_RIGHTS, Client, Limits
from meterai.partners.clients.public_keys import read_public_key
from meterai.partners.clients.queries import active_client, counting_key
from meterai.partners.logins import officers_acts
from meterai.partners.logins.queries import kept_login
from meterai.partners.queries.organisations import find_by_code, find_organisation
from meterai.partners.use_cases.change_client import change_client, check_limits, facts_of, limits_with
from meterai.partners.use_cases.end_client_key import end_client_key, ending_facts
from meterai.partners.use_cases.register_client import register_client, registering_facts
from meterai.partners.use_cases.revoke_client import revoke_client
from meterai.texts import partner_acts as words
from meterai.texts.console_acts import ActWords

_ANYWHERE: Final = "*"
_MAKERS: Final = frozenset({"admin", "keys"})
_ENDERS: Final = frozenset({"admin", "keys", "finance"})


class AddForm(msgspec.Struct, frozen=True, kw_only=True):
    """A new client with its first key."""

    partner: Line
    program: Annotated[str, Meta(min_length=1, max_length=80)]
    public_key: Text
    scopes: Line | None = None
    networks: Text | None = None
    hour_max: Whole | None = None
    day_max: Whole | None = None


class ChangeForm(msgspec.Struct, frozen=True, kw_only=True):
    """What a client may do from now on. An empty field: as before."""

    client: Line
    scopes: Line | None = None
    networks: Text | None = None
    hour_max: Whole | None = None
    day_max: Whole | None = None


class RevokeForm(msgspec.Struct, frozen=True, kw_only=True):
    """A client that ends for good."""

    client: Line
    reason: Line


class KeyForm(msgspec.Struct, frozen=True, kw_only=True):
    """A key, when it ends, and why."""

    api_key: Line
    reason: Line
    ends_at: datetime | None = None


class LoginForm(msgspec.Struct, frozen=True, kw_only=True):
    """A user name of the wire that ends for good."""

    user: Line
    reason: Line


async def _prepare_adding(app: ConsoleApp, form: AddForm) -> Prepared:
    limits, key = _limits(form, ALL_RIGHTS), read_public_key(form.public_key.encode())
    async with app.db.connection() as connection:
        organisation = await find_by_code(connection, form.partner)
    return Prepared(
        subject=write_id(Prefix.ORGANISATION, organisation.id),
        facts=registering_facts(form.program, limits, key),
        figures=[
            (words.COMPANY, organisation.name),
            (words.THUMBPRINT, key.thumbprint()),
            *_figures(limits),
        ],
    )


async def _add(app: ConsoleApp, form: AddForm, actor: Actor) -> Mapping[str, str]:
    async with app.db.connection() as connection:
        organisation = await find_by_code(connection, form.partner)
    made = await register_client(
        app.db,
        organisation.id,
        name=form.program,
        limits=_limits(form, ALL_RIGHTS),
        key=read_public_key(form.public_key.encode()),
        actor=actor,
        now=app.clock(),
    )
    return {
        "client": write_id(Prefix.CLIENT, made.client_id),
        "key": write_id(Prefix.KEY, made.key_id),
    }


async def _prepare_change(app: ConsoleApp, form: ChangeForm) -> Prepared:
    client = await _client(app, form.client)
    limits = _limits(form, client.limits)
    return Prepared(
        subject=write_id(Prefix.CLIENT, client.id),
        facts=facts_of(limits),
        figures=[*await _named(app, client), *_figures(limits)],
    )


async def _change(app: ConsoleApp, form: ChangeForm, actor: Actor) -> None:
    client = await _client(app, form.client)
    await change_client(app.db, client.id, _limits(form, client.limits), actor=actor, now=app.clock())


async def _prepare_revoking(app: ConsoleApp, form: RevokeForm) -> Prepared:
    client = await _client(app, form.client)
    return Prepared(
        subject=write_id(Prefix.CLIENT, client.id),
        facts={"reason": form.reason},
        figures=await _named(app, client),
    )


async def _revoke(app: ConsoleApp, form: RevokeForm, actor: Actor) -> None:
    client = await _client(app, form.client)
    await revoke_client(app.db, client.id, reason=form.reason, actor=actor, now=app.clock())


async def _prepare_key(app: ConsoleApp, form: KeyForm) -> Prepared:
    client, key = await counting_key(app.db, read_id(Prefix.KEY, form.api_key), now=app.clock())
    return Prepared(
        subject=write_id(Prefix.KEY, key.id),
        facts=ending_facts(form.reason, form.ends_at),
        figures=[
            *await _named(app, client),
            (words.THUMBPRINT, key.thumbprint),
            (words.SINCE, key.added_at),
            *([] if form.ends_at else [(words.ENDS_AT, Word(words.NOW))]),
        ],
    )


async def _end_key(app: ConsoleApp, form: KeyForm, actor: Actor) -> None:
    _, key = await counting_key(app.db, read_id(Prefix.KEY, form.api_key), now=app.clock())
    now = app.clock()
    await end_client_key(app.db, key.id, at=form.ends_at or now, reason=form.reason, actor=actor, now=now)


async def _prepare_login(app: ConsoleApp, form: LoginForm) -> Prepared:
    login = await kept_login(app.db, form.user)
    client = await active_client(app.db, login.client_id, now=app.clock())
    return Prepared(
        subject=login.user,
        facts={"reason": form.reason},
        figures=[
            *await _named(app, client),
            (words.SINCE, login.made_at),
            (words.LAST_USE, login.used_at or Word(words.NEVER)),
        ],
    )


async def _end_login(app: ConsoleApp, form: LoginForm, actor: Actor) -> None:
    login = await kept_login(app.db, form.user)
    await officers_acts.end_login(app.db, login.user, reason=form.reason, actor=actor, now=app.clock())


async def _client(app: ConsoleApp, typed: str) -> Client:
    return await active_client(app.db, read_id(Prefix.CLIENT, typed), now=app.clock())


async def _named(app: ConsoleApp, client: Client) -> list[Figure]:
    """What an officer recognises a client by."""
    async with app.db.connection() as connection:
        organisation = await find_organisation(connection, client.organisation_id)
    return [(words.COMPANY, organisation.name), (words.PROGRAM, client.name)]


def _limits(form: AddForm | ChangeForm, before: Limits) -> Limits:
    """What was typed. Raises: Refusal INVALID as `check_limits`."""
    networks = None if form.networks is None else _split(form.networks)
    limits = limits_with(
        before,
        scopes=_split(form.scopes or ""),
        networks=[] if networks == [_ANYWHERE] else networks,
        hour_max=form.hour_max,
        day_max=form.day_max,
    )
    check_limits(limits)
    return limits


def _split(typed: str) -> list[str]:
    return [one for one in re.split(r"[\s,]+", typed) if one]


def _figures(limits: Limits) -> list[Figure]:
    def cap(most: int | None) -> Word | int:
        return Word(words.NO_CAP) if most is None else most

    return [
        (words.SCOPES, " ".join(sorted(limits.scopes))),
        (words.NETWORKS, " ".join(limits.networks) or Word(words.ANYWHERE)),
        (words.HOUR_MAX, cap(limits.stamps_per_hour_max)),
        (words.DAY_MAX, cap(limits.stamps_per_day_max)),
    ]


def _act(
    kind: str,
    path: str,
    *,
    roles: frozenset[str],
    form: type[msgspec.Struct],
    of: ActWords,
    prepare: Prepare,
    carry_out: CarryOut,
) -> ConsoleAct:
    return ConsoleAct(
        kind=kind,
        path=path,
        group="partners",
        roles=roles,
        signatures=1,
        form=form,
        words=of,
        prepare=prepare,
        carry_out=carry_out,
    )


ACTS: Final = (
    _act(
        "client.add",
        "daftarkan-klien",
        roles=_MAKERS,
        form=AddForm,
        of=words.ADD_CLIENT,
        prepare=_prepare_adding,
        carry_out=_add,
    ),
    _act(
        "client.change",
        "ubah-klien",
        roles=_MAKERS,
        form=ChangeForm,
        of=words.CHANGE_CLIENT,
        prepare=_prepare_change,
        carry_out=_change,
    ),
    _act(
        "client.revoke",
        "cabut-klien",
        roles=_ENDERS,
        form=RevokeForm,
        of=words.REVOKE_CLIENT,
        prepare=_prepare_revoking,
        carry_out=_revoke,
    ),
    _act(
        "client.key_end",
        "akhiri-kunci-klien",
        roles=_ENDERS,
        form=KeyForm,
        of=words.END_KEY,
        prepare=_prepare_key,
        carry_out=_end_key,
    ),
    _act(
        "client.login_end",
        "akhiri-nama-pengguna",
        roles=_ENDERS,
        form=LoginForm,
        of=words.END_LOGIN,
        prepare=_prepare_login,
        carry_out=_end_login,
    ),
)
