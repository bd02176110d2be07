"""A contact proved for one act: by the code that was asked for this act, and by nothing else."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from datetime import timedelta

import asyncpg
import pytest

from meterai.customers.codes import REPEAT_LIFE, Purpose
from meterai.customers.use_cases.add_contact import add_contact
from meterai.customers.use_cases.clean_up import clean_up_customers
from meterai.customers.use_cases.prove_contact import Proof, prove_contact
from meterai.customers.use_cases.request_code import CodeSent
from tests.customers.test_sign_in import (
    ALICE,
    ALICES_PHONE,
    BOB,
    SignIns,
    sign_ins,  # noqa: F401 - a fixture
    wrong,
)
from tests.sales.refusing import refused

pytestmark = pytest.mark.storage
ORDER = uuid.UUID(int=7)


async def prove(sign_ins: SignIns, sent: CodeSent, code: str) -> Proof:  # noqa: F811
    return await prove_contact(sign_ins.database.app, sent.code_id, code, now=sign_ins.now)


async def proofs(sign_ins: SignIns) -> list[asyncpg.Record]:  # noqa: F811
    return await sign_ins.database.owner.fetch("SELECT * FROM customers.proof")


async def ask(sign_ins: SignIns) -> tuple[CodeSent, str]:  # noqa: F811
    sent = await sign_ins.send(purpose=Purpose.ORDER_ACT, subject=ORDER)
    return sent, await sign_ins.code()


async def test_the_right_code_makes_one_proof_for_the_order(sign_ins: SignIns) -> None:  # noqa: F811
    alice = await sign_ins.sign_in()
    sent, code = await ask(sign_ins)
    assert (await refused(prove(sign_ins, sent, wrong(code)))).code == "code.wrong"
    assert await proofs(sign_ins) == []
    first, again = await prove(sign_ins, sent, code), await prove(sign_ins, sent, code)
    assert first == again
    assert (first.order_id, first.contact) == (ORDER, ALICE)
    (row,) = await proofs(sign_ins)
    assert (row["id"], row["customer_id"], row["subject"]) == (first.proof_id, alice.customer_id, str(ORDER))
    assert (row["purpose"], row["proved_at"], row["used_at"]) == ("order_act", sign_ins.now, None)
    sign_ins.now += REPEAT_LIFE
    assert (await refused(prove(sign_ins, sent, code))).code == "code.used_up"
    await clean_up_customers(sign_ins.database.app, now=sign_ins.now + timedelta(days=2))
    assert await proofs(sign_ins) == []


async def test_a_code_is_good_for_what_it_was_asked_for_only(sign_ins: SignIns) -> None:  # noqa: F811
    alice, bob = await sign_ins.sign_in(), await sign_ins.sign_in(BOB)
    to_sign_in, code = await sign_ins.send(), await sign_ins.code()
    assert (await refused(prove(sign_ins, to_sign_in, code))).code == "code.expired"
    to_act, code = await ask(sign_ins)
    assert (await refused(sign_ins.verify(to_act, code))).code == "code.expired"
    to_add, code = await sign_ins.send_for(alice, ALICES_PHONE), await sign_ins.code()
    by_bob = add_contact(
        sign_ins.database.app, await sign_ins.known(bob), to_add.code_id, code, now=sign_ins.now
    )
    assert (await refused(by_bob)).code == "code.expired"
    assert await proofs(sign_ins) == []


async def test_a_contact_that_has_no_customer_proves_nothing(sign_ins: SignIns) -> None:  # noqa: F811
    sent, code = await ask(sign_ins)
    assert (await refused(prove(sign_ins, sent, code))).code == "code.expired"
    assert await proofs(sign_ins) == []


async def test_the_message_says_what_the_code_is_for(sign_ins: SignIns) -> None:  # noqa: F811
    _, code = await ask(sign_ins)
    async with sign_ins.database.app.connection() as connection:
        message = await connection.fetchval("SELECT payload FROM jobs.outbox")
    assert (message["to"], message["code"]) == (ALICE.value, code)
    assert "pengembalian dana" in message["text"]
    assert "{" not in message["text"]


async def test_codes_are_drawn_evenly(sign_ins: SignIns) -> None:  # noqa: F811
    """Also the leading digit: a remainder of too few bits would favour the low codes."""
    rows = await sign_ins.database.owner.fetch(
        """SELECT customers.random_code(6) AS short, customers.random_code(10) AS long
           FROM generate_series(1, 4000)"""
    )
    assert all(re.fullmatch(r"\d{6}", row["short"]) and re.fullmatch(r"\d{10}", row["long"]) for row in rows)
    assert len({row["long"] for row in rows}) == 4000
    for column, place in (("short", 0), ("short", 5), ("long", 0), ("long", 9)):
        counts = Counter(row[column][place] for row in rows)
        assert len(counts) == 10
        assert sum((count - 400) ** 2 / 400 for count in counts.values()) < 40, "chi squared, 9 degrees"
