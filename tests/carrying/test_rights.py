"""The rights that `deploy/nats.conf` gives: each user can do its part, and nothing of another's."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from meterai.kit.settings import Settings
from meterai.waiting_room.carrying.carried_documents import LARGE
from meterai.waiting_room.carrying.line_names import (
    DOCUMENTS,
    EPOCH,
    GATES,
    KEYS,
    document_subject,
    gate_subject,
    key_subject,
    sign_subject,
)
from meterai.waiting_room.carrying.nats_connection import NatsConnection, User
from sandbox.pki.tls import TlsAuthority
from tests.carrying.hosts import EVENT, hosts, until
from tests.nats_server import running_nats

CONF = Path(__file__).parents[2] / "deploy" / "nats.conf"
PASSWORDS: dict[User, str] = {"controller": "a" * 32, "gate": "b" * 32, "mirror": "c" * 32}

pytestmark = pytest.mark.journey


async def test_each_user_does_its_part_over_tls_and_nothing_of_anothers(tmp_path: Path) -> None:
    authority = TlsAuthority(tmp_path / "tls")
    certificate, key = authority.issue("nats", ["127.0.0.1"])
    config = CONF.read_text().replace("/etc/nats/server.pem", str(certificate))
    config = config.replace("/etc/nats/server.key", str(key))
    config = re.sub(r"(listen|store_dir): .*", "", config)
    variables = {f"METERAI_NATS_{user.upper()}_PASSWORD": word for user, word in PASSWORDS.items()}

    with running_nats(config, variables) as server:

        def settings_of(user: User) -> Settings:
            address = f"tls://{user}:{PASSWORDS[user]}@127.0.0.1:{server.port}"
            return Settings(nats_url=address, nats_tls_ca=str(authority.ca))

        async with hosts(tmp_path, server) as line:
            line.settings_of = settings_of
            carrier, folder = await line.leader("satu", 1)
            front = await line.front()
            await asyncio.to_thread(carrier.publish, EVENT, "public/w/1.ids", bytes(LARGE + 1))
            await asyncio.to_thread(carrier.append, EVENT, "public/log/entries.jsonl", 0, b"line\n")
            await until((front.log / "entries.jsonl").exists)
            assert len(front.window_ids(1).read_bytes()) == LARGE + 1
            assert front.event_key() == folder.event_key()

            gate, mirror = (NatsConnection(settings_of(user), user) for user in ("gate", "mirror"))
            for connection in (gate, mirror):
                await connection.open()
            await gate.store(gate_subject(EVENT, 2), b"joins")
            await gate.store(sign_subject(EVENT, 2), b"sign")
            assert await gate.last_message(GATES, gate_subject(EVENT, 2)) is not None
            subjects = (EPOCH, document_subject(EVENT, "status_json"), key_subject(EVENT, "gates"))
            asked = [
                *(one.store(subject, b"forged") for one in (gate, mirror) for subject in subjects),
                *(one.make_streams() for one in (gate, mirror)),
                mirror.store(gate_subject(EVENT, 2), b"forged"),
                gate.last_message(KEYS, key_subject(EVENT, "gates")),
                gate.last_sequence(DOCUMENTS),
            ]
            for answer in await asyncio.gather(*asked, return_exceptions=True):
                assert isinstance(answer, OSError), answer
            for connection in (gate, mirror):
                await connection.close()
