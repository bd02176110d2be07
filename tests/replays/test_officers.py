"""One operator tries acts that need two officers, with every signature but two honest ones.

Before, `SUDO_USER=ani meterai issue-quota 1000000` issued stamps for Rp10 billion by itself, and the audit
trail said that ani did it. The same held for the stop switch, for keys and for refunds by hand.
"""

from __future__ import annotations

import shutil
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from meterai.operations.officers.act_text import Act, Fresh
from sandbox.pki.authority import make_pki
from tests.replays.officers_cast import Office, open_office, record
from tests.sales.shop import open_shop
from tests.sales.test_refunds import ask
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage

ISSUE = ("issue-quota", "1000", "--deposit", "NTPN-1")
RESUME = ("resume-signing", "--reason", "device replaced")
WAITS = 4
ACT = Act(kind="quota.issue", subject="NTPN-1", facts={"pieces": 1000, "amount": 10_000_000})


@pytest.fixture
async def office(database: TestDatabase, tmp_path: Path) -> Office:
    return await open_office(database, tmp_path)


async def test_one_person_issues_no_stamps_and_two_do(office: Office) -> None:
    said = await office.meterai(*ISSUE, SUDO_USER="ani")
    assert (said.code, "officer.unsigned" in said.err) == (1, True), said
    said = await office.meterai(*ISSUE, "--sign-with", str(office.key("ani")))
    assert (said.code, "request 1 waits for a second officer" in said.out) == (WAITS, True), said
    for name, refusal in (
        ("ani", "officer.signed_before"),
        ("eve", "officer.unknown_key"),
        ("dewi", "officer.may_not"),
        ("gita", "officer.may_not"),
    ):
        said = await office.meterai("release", "sign", "1", "--sign-with", str(office.key(name)))
        assert (said.code, refusal in said.err) == (1, True), said
    assert await office.stock() == 0
    said = await office.meterai("release", "list")
    assert "signed by ani, until" in said.out
    said = await office.meterai("release", "sign", "1", "--sign-with", str(office.key("budi")))
    assert (said.code, "Issued 1,000 stamps" in said.out) == (0, True), said
    assert await office.stock() == 1000
    actor = await office.value("SELECT actor FROM operations.audit_entry WHERE action = 'quota.issue'")
    assert actor == "ani, budi"
    said = await office.meterai("release", "sign", "1", "--sign-with", str(office.key("budi")))
    assert "it was carried out, once" in said.err
    assert await office.stock() == 1000


async def test_a_request_that_one_person_changed_needs_both_signatures_again(office: Office) -> None:
    await office.meterai(*ISSUE, "--sign-with", str(office.key("ani")))
    more = ("issue-quota", "1000000", "--deposit", "NTPN-1", "--sign-with", str(office.key("ani")))
    assert "request 2" in (await office.meterai(*more)).out
    said = await office.meterai("release", "sign", "1", "--sign-with", str(office.key("budi")))
    assert "release.not_open" in said.err
    assert await office.stock() == 0


async def test_a_request_is_withdrawn_by_the_officer_who_asked(office: Office) -> None:
    await office.meterai(*ISSUE, "--sign-with", str(office.key("ani")))
    withdraw = ("release", "withdraw", "1", "--reason", "wrong receipt", "--sign-with")
    said = await office.meterai(*withdraw, str(office.key("hana")))
    assert (said.code, "release.not_yours" in said.err) == (1, True), said
    said = await office.meterai(*withdraw, str(office.key("ani")))
    assert (said.code, "Request 1 is withdrawn" in said.out) == (0, True), said
    said = await office.meterai("release", "sign", "1", "--sign-with", str(office.key("budi")))
    assert "release.not_open" in said.err
    assert await office.stock() == 0
    assert (
        await office.value("SELECT actor FROM operations.audit_entry WHERE action LIKE 'release%'") == "ani"
    )


async def test_only_the_signature_of_this_act_counts(office: Office) -> None:
    few = Act(kind=ACT.kind, subject=ACT.subject, facts={"pieces": 10, "amount": 100_000})
    past = Fresh("a" * 32, datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1))
    far = Fresh("a" * 32, datetime.now(UTC).replace(microsecond=0) + timedelta(days=900))
    honest = await office.text(ACT)
    for text, refusal in (
        (await office.text(few), "officer.other_text"),
        (await office.text(ACT, installation=uuid.uuid4()), "officer.other_text"),
        (honest.replace("pieces", "piece"), "officer.other_text"),
        (await office.text(ACT, fresh=past), "officer.signature_old"),
        (await office.text(ACT, fresh=far), "officer.signature_old"),
    ):
        said = await office.meterai(*ISSUE, "--signature", office.sign("ani", text))
        assert (said.code, refusal in said.err) == (1, True), (text, said)
    for name, namespace in (("ani", "git"), ("eve", "meterai")):
        file = office.sign(name, honest, namespace=namespace)
        said = await office.meterai(*ISSUE, "--signature", file)
        assert (said.code, "officer.unknown_key" in said.err) == (1, True), said
    file = office.sign("ani", await office.text(few))
    Path(file).with_suffix("").write_text(honest)  # the signature of another text
    said = await office.meterai(*ISSUE, "--signature", file)
    assert (said.code, "officer.unknown_key" in said.err) == (1, True), said
    assert await office.value("SELECT count(*) FROM operations.release_request") == 0


@pytest.mark.long
async def test_a_signature_counts_once(office: Office) -> None:
    stop = ("stop-signing", "--reason", "drill", "--signature", "stop.sig")
    said = await office.meterai(*stop)
    assert (said.code, "ssh-keygen -Y sign -n meterai" in said.out) == (WAITS, True), said
    office.sign("dewi", (office.folder / "stop").read_text(), "stop")
    assert "The switch is thrown" in (await office.meterai(*stop)).out
    said = await office.meterai(*stop)
    assert (said.code, "officer.signature_used" in said.err) == (1, True), said
    await release_switch(office)
    assert not await office.value("SELECT thrown FROM operations.switch")
    said = await office.meterai(*stop)
    assert (said.code, "officer.signature_used" in said.err) == (1, True), said
    assert not await office.value("SELECT thrown FROM operations.switch")
    said = await office.meterai(*RESUME, "--signature", "first.sig")
    assert (said.code, "officer.signature_used" in said.err) == (1, True), said


async def release_switch(office: Office) -> None:
    """Releases it; the files of both signatures stay."""
    assert (await office.meterai(*RESUME, "--signature", "first.sig")).code == WAITS
    office.sign("dewi", (office.folder / "first").read_text(), "first")
    said = await office.meterai(*RESUME, "--signature", "first.sig")
    assert (said.code, "request 1 waits" in said.out) == (WAITS, True), said
    assert await office.value("SELECT thrown FROM operations.switch")
    sign = ("release", "sign", "1", "--signature", "second.sig")
    assert (await office.meterai(*sign)).code == WAITS
    office.sign("ani", (office.folder / "second").read_text(), "second")
    said = await office.meterai(*sign)
    not_followed = 3  # no signer runs here
    assert (said.code, "The switch is released" in said.out) == (not_followed, True), said


async def test_a_signature_can_be_pasted(office: Office) -> None:
    text = await office.text(ACT)
    signature = Path(office.sign("ani", text)).read_text()
    said = await office.meterai(*ISSUE, given=signature)  # of another text than the one just shown
    assert (said.code, "officer.unknown_key" in said.err) == (1, True), said
    assert "act: quota.issue" in said.err
    assert '"pieces": 1000' in said.err


async def test_one_issue_has_a_limit_also_for_two(database: TestDatabase, tmp_path: Path) -> None:
    office = await open_office(database, tmp_path, more="pieces_per_issue_max = 999")
    said = await office.meterai(*ISSUE, "--sign-with", str(office.key("ani")))
    assert (said.code, "stock.above_limit" in said.err) == (1, True), said
    assert await office.value("SELECT count(*) FROM operations.release_request") == 0


@pytest.mark.long
async def test_one_person_adds_no_key_and_two_do(office: Office) -> None:
    pki = make_pki(office.folder / "made", "p-256")
    shutil.copytree(pki / "trust", office.folder / "data" / "pki" / "trust")
    chain = office.folder / "chain.pem"
    chain.write_bytes((pki / "stamp.pem").read_bytes() + (pki / "intermediate.pem").read_bytes())
    add = ("keys", "add", "--place", "file:made", "--certificate", str(chain))
    said = await office.meterai(*add, SUDO_USER="ani")
    assert (said.code, "officer.unsigned" in said.err) == (1, True), said
    said = await office.meterai(*add, "--sign-with", str(office.key("ani")))
    assert (said.code, "request 1 waits" in said.out) == (WAITS, True), said
    assert await office.value("SELECT count(*) FROM stamping.signing_key") == 0
    said = await office.meterai("release", "sign", "1", "--sign-with", str(office.key("budi")))
    assert (said.code, "Added key" in said.out) == (0, True), said
    assert await office.value("SELECT count(*) FROM stamping.signing_key") == 1


@pytest.mark.long
async def test_one_person_ends_no_refund_by_hand_and_two_do(database: TestDatabase, tmp_path: Path) -> None:
    async with open_shop(database) as shop:
        page = await shop.paid_quota()
        refund = (await ask(shop, page, 2)).refund_id
    await database.owner.execute(
        "UPDATE sales.refund SET failure_code = 'payout.unsure', channel = 'payout' WHERE id = $1", refund
    )
    office = await open_office(database, tmp_path)
    end = ("refunds", "end", str(refund), "--reason", "paid to 1234567890 of Siti")
    said = await office.meterai(*end, SUDO_USER="ani")
    assert (said.code, "officer.unsigned" in said.err) == (1, True), said
    said = await office.meterai(*end, "--sign-with", str(office.key("ani")))
    assert (said.code, "request 1 waits" in said.out) == (WAITS, True), said
    assert await office.value("SELECT state FROM sales.refund WHERE id = $1", refund) != "paid"
    said = await office.meterai("release", "sign", "1", "--sign-with", str(office.key("budi")))
    assert (said.code, "is booked as paid" in said.out) == (0, True), said
    assert await office.value("SELECT state FROM sales.refund WHERE id = $1", refund) == "paid"
    chained = "SELECT string_agg(facts::text || signatures::text, '') FROM operations.audit_entry"
    assert "Siti" not in await office.value(chained)


async def test_one_person_gives_no_stamps_back_by_hand_and_two_do(
    database: TestDatabase, tmp_path: Path
) -> None:
    async with open_shop(database) as shop:
        page = await shop.paid_quota(channel="va_bni")
    office = await open_office(database, tmp_path)
    give = ("refunds", "give", page.number, "2", "--reason", "decision 12/2026", "--bank", "bca")
    said = await office.meterai(*give)
    assert (said.code, "--holder" in said.err) == (2, True), said
    give = (*give, "--account", "123-456-7890", "--holder", "Siti", "--sign-with", str(office.key("ani")))
    said = await office.meterai(*give)
    assert (said.code, "request 1 waits" in said.out) == (WAITS, True), said
    assert await office.value("SELECT count(*) FROM sales.refund") == 0
    said = await office.meterai("release", "sign", "1", "--sign-with", str(office.key("budi")))
    assert (said.code, "Rp25.000 goes to the account after the wait" in said.out) == (0, True), said
    assert "account: 1234567890" in said.out, "the second officer reads what they sign"
    given = "SELECT amount FROM sales.refund WHERE account_number = '1234567890' AND reason = 'given'"
    assert await office.value(given) == 25_000


@pytest.mark.parametrize(
    "act",
    [
        "SELECT operations.issue_stock(ledger_id('NTPN-1'), 'NTPN-1', 1000, now())",
        "SELECT sales.issue_stock(ledger_id('NTPN-1'), 1000, now())",
        "SELECT operations.release_switch('sealing_stopped', 'because', now())",
        "UPDATE operations.switch SET thrown = false",
        """SELECT operations.add_key('{"place": "file:pki", "certificates": ["00"],
            "valid_from": "2026-01-01", "valid_until": "2030-01-01"}', now())""",
        "INSERT INTO stamping.signing_key SELECT * FROM stamping.signing_key",
        "SELECT operations.end_refund(gen_random_uuid(), 'by hand', '{}', now())",
        "SELECT operations.order_again(gen_random_uuid(), '{}', now())",
        "SELECT operations.give_refund(gen_random_uuid(), '{}', now())",
        "SELECT operations.write_audit('ani', 'quota.issue', 'NTPN-1', '{}', now())",
        "SELECT operations.write_audit('ani', 'queue.halt', 'queue it', '{}', now())",
        "INSERT INTO operations.officer VALUES ('eve', '{finance}', '{key}', '{}', now())",
        """INSERT INTO operations.release_request
            (kind, subject, facts, asked_at, asked_by, expires_at, released_at)
            VALUES ('refund', 'x', '{}', now(), 'ani', now() + interval '1 day', now())""",
        "UPDATE operations.release_request SET released_at = now()",
        "UPDATE operations.installation SET pieces_per_issue_max = 100000000",
        "DELETE FROM operations.officer_signature",
    ],
)
async def test_the_database_refuses_what_no_two_officers_released(office: Office, act: str) -> None:
    """Also to the role of the commands, whose Python could be another."""
    deposit = await office.value("SELECT ledger.derived_id('deposit', 'NTPN-1')")
    async with office.database.operator.connection() as connection:
        with pytest.raises(asyncpg.PostgresError) as refused:
            await connection.execute(act.replace("ledger_id('NTPN-1')", f"'{deposit}'::uuid"))
    assert refused.value.sqlstate in ("42501", "OF007")


async def test_production_without_officers_refuses_and_can_still_be_stopped(
    database: TestDatabase, tmp_path: Path
) -> None:
    office = await open_office(database, tmp_path)
    office.officers.write_text("[officers]\n")
    await record(office)
    for words in (ISSUE, RESUME, ("queue", "off", "--event", "cpns-2026", "--because", "test")):
        said = await office.meterai(*words, METERAI_ENVIRONMENT="development")
        assert (said.code, "officer.none_recorded" in said.err) == (1, True), said
    assert "The switch is thrown" in (await office.meterai("stop-signing", "--reason", "test")).out


@pytest.mark.long
async def test_a_shell_names_no_officers_of_its_own(office: Office) -> None:
    """Neither by a variable nor by a file that others may write: the database knows the officers."""
    mine = office.folder / "mine.toml"
    public = office.key("eve").with_suffix(".pub").read_text().strip()
    mine.write_text(f'[officers.eve]\nroles = ["finance"]\nkeys = ["{public}"]\n')
    said = await office.meterai(
        *ISSUE, "--sign-with", str(office.key("eve")), METERAI_OFFICERS=str(mine), SUDO_USER="ani"
    )
    assert (said.code, "officer.unknown_key" in said.err) == (1, True), said
    said = await office.meterai("officers", "record", METERAI_OFFICERS=str(mine))
    assert said.code != 0
    office.officers.chmod(0o666)
    with pytest.raises(ValueError, match="chmod 644"):
        await record(office)


async def test_development_without_officers_goes_on_and_says_that_nobody_is_checked(
    database: TestDatabase, tmp_path: Path
) -> None:
    office = Office(database, tmp_path)
    said = await office.meterai(*ISSUE)
    assert (said.code, "Issued 1,000 stamps" in said.out) == (0, True), said
    assert "nobody checks who you are" in said.err
