"""Secrets of a running service: `meterai secrets rotate`, and the token of metrics.

What was made before a rotation is good until its overlap ends.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from meterai.kernel.serial_number import make_serial
from meterai.kit.application_secret import KeptSecret, read_kept
from meterai.kit.installation_secrets import Secrets
from meterai.signatures.stamp_code import code_message, encode_code
from meterai.stamping.signer.private_keys.code_key import CodeKey
from meterai.web.account.sign_in import CODE_COOKIE, open_code
from simulator.crowd.browser import Response
from tests.replays.asking import Asking, asking_at, code_for, owner_of
from tests.run_here import RunHere
from tests.running_service import RunningService

pytestmark = [pytest.mark.storage, pytest.mark.journey]
ROOT = Path(__file__).parents[2]
ENDED = "2000-01-01T00:00:00Z"


async def asked(service: RunningService, name: str, number: int) -> tuple[Asking, Response, str]:
    """Somebody who has asked for a code to sign in, with the page of the code and the code."""
    person, contact = asking_at(service, f"203.0.113.{number}"), f"{name}.rotasi@contoh.id"
    page = await person.ask(contact)
    return person, page, await code_for(service, contact)


async def rotate(run_here: RunHere, service: RunningService, *words: str) -> subprocess.CompletedProcess[str]:
    command = partial(run_here, "secrets", "rotate", *words, "--data", str(service.data))
    return await asyncio.to_thread(command)


def kept(service: RunningService) -> KeptSecret:
    return read_kept(Secrets(service.data).folder)


async def until_used(service: RunningService, secret: str) -> None:
    """Waits until the site makes cookies with this secret."""
    person = asking_at(service, "203.0.113.99")
    async with asyncio.timeout(30):
        while True:
            await person.ask("siapa.rotasi@contoh.id")
            if open_code(secret.encode(), person.browser.cookies[CODE_COOKIE]):
                return
            await asyncio.sleep(0.2)


def end_overlap(service: RunningService) -> None:
    """As if its time had passed."""
    file = Secrets(service.data).folder / "application.json"
    held = json.loads(file.read_bytes())
    file.write_text(json.dumps(held | {"before": [one | {"until": ENDED} for one in held["before"]]}))


@pytest.mark.long
async def test_cookies_forms_and_codes_go_on_and_end_with_the_overlap(
    service: RunningService, run_here: RunHere
) -> None:
    former = kept(service).secret
    ani, anis_page, anis_code = await asked(service, "ani", 11)
    budi, budis_page, budis_code = await asked(service, "budi", 12)

    done = await rotate(run_here, service, "application", "--begins-in", "0s")
    assert (done.returncode, "Those made before are good until" in done.stdout) == (0, True), done.stderr
    newest = kept(service).secret
    assert newest != former
    await until_used(service, newest)
    citra, citras_page, citras_code = await asked(service, "citra", 13)
    assert open_code(former.encode(), citra.browser.cookies[CODE_COOKIE]) is None, "made with the new one"

    assert (await rotate(run_here, service, "sign-in")).returncode == 0
    assert (await ani.type(anis_page, anis_code)).url.endswith("/saya"), "both secrets were made before"

    end_overlap(service)
    async with asyncio.timeout(30):
        while (await budi.browser.get("/saya/kode")).url.endswith("/saya/kode"):
            await asyncio.sleep(0.2)
    assert (await budi.type(budis_page, budis_code)).status == 403, "his form is of the former secret"
    assert (await ani.browser.get("/saya/perangkat")).url.endswith("/saya/perangkat"), "still signed in"

    owner = await owner_of(service)
    try:
        await owner.execute("UPDATE customers.code_key SET ends_at = now() WHERE ends_at <> 'infinity'")
        facts = await owner.fetch("SELECT subject FROM operations.audit_entry WHERE action = 'secret.rotate'")
    finally:
        await owner.close()
    told = await citra.type(citras_page, citras_code)
    assert (told.status, 'name="kode_id"' in told.text) == (403, True), "its key has ended: a wrong code"
    assert [row["subject"] for row in facts] == ["application", "sign-in"]
    dewi, dewis_page, dewis_code = await asked(service, "dewi", 14)
    assert (await dewi.type(dewis_page, dewis_code)).url.endswith("/saya")


def listed_keys(service: RunningService) -> list[int]:
    """The ids of the public keys that the site publishes."""
    with urlopen(f"{service.addresses.site}/periksa/kode/kunci.json") as answer:
        return [key["id"] for key in json.load(answer)["keys"]]


async def judged(service: RunningService, key: CodeKey) -> int:
    """The site's answer to a 2-D code that this key signed. 404: it is ours, and the number is not sold."""
    serial, day = make_serial(bytes(range(40))), date(2026, 9, 4)
    signature = key.sign(code_message(serial, day, key.key_id))
    text = encode_code(service.addresses.site, serial, day, key_id=key.key_id, signature=signature)
    path = text[len(service.addresses.site) :]  # the code has the address in capital letters
    return (await asking_at(service, "203.0.113.20").browser.get(path)).status


async def test_a_running_site_knows_the_next_key_of_2d_codes_before_it_signs(
    service: RunningService, run_here: RunHere
) -> None:
    pki = service.data / "pki"
    printed, known = CodeKey.load(pki), listed_keys(service)
    done = await rotate(run_here, service, "stamp-code")
    assert (done.returncode, "verified for ever" in done.stdout) == (0, True), done.stderr
    following = CodeKey.load(pki, datetime.now(UTC) + timedelta(days=2))
    assert CodeKey.load(pki).key_id == printed.key_id, "it begins tomorrow"
    async with asyncio.timeout(30):
        while listed_keys(service) != [*known, following.key_id]:
            await asyncio.sleep(0.2)
    assert [await judged(service, key) for key in (printed, following)] == [404, 404]
    following.key_id += 1
    assert await judged(service, following) not in (200, 404), "a key that nobody published"
    again = await rotate(run_here, service, "stamp-code")
    assert (again.returncode, "the last rotation begins at" in again.stderr) == (1, True)


def test_prometheus_gets_the_token_as_the_document_says(service: RunningService, tmp_path: Path) -> None:
    """The document's commands put the token where `deploy/prometheus.yml` reads it, and the site takes it."""
    configured = (ROOT / "deploy" / "prometheus.yml").read_text()
    found = re.search(r"metrics_path: (\S+)\n    authorization:\n      credentials_file: (\S+)\n", configured)
    assert found, "with the type Bearer, which is the default"
    path, file = found.groups()
    lines = (ROOT / "docs" / "metrics.md").read_text().splitlines()
    (command,) = (line for line in lines if line.startswith("install ") and line.endswith(f" {file}"))
    told = command.replace("/var/lib/meterai", str(service.data)).replace(" -g prometheus", "")
    subprocess.run([*told.split()[:-1], str(tmp_path / "token")], check=True)
    token = (tmp_path / "token").read_text().strip()  # as Prometheus reads it
    asked = Request(service.addresses.site + path, headers={"Authorization": f"Bearer {token}"})
    with urlopen(asked) as answer:
        assert b"meterai_database_up 1.0" in answer.read()
