"""Wires the BI-SNAP twin and starts it."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from sandbox import serving
from sandbox.gateway.application import keep_till
from sandbox.gateway.charges import Book
from sandbox.gateway.core_api import basic_authorization
from sandbox.gateway.faults import FaultScript
from sandbox.gateway.notice_queue import RETRY_SECONDS
from sandbox.gateway.pages import Pages
from sandbox.gateway.script_api import ScriptApi
from sandbox.gateway.settlements import Settlements
from sandbox.gateway.till import Till
from sandbox.snap.api import SnapApi
from sandbox.snap.door import Door
from sandbox.snap.notices import SnapNotices
from sandbox.snap.protocol import Keys


def make_application(
    *,
    folder: Path,
    keys: Keys,
    merchant_id: str,
    notify_url: str,
    public_url: str,
    banks: Mapping[str, str] | None = None,
    retry_seconds: tuple[float, ...] = RETRY_SECONDS,
) -> web.Application:
    """The twin as an aiohttp application.

    `notify_url`: what stands before the paths of SNAP's notices. `banks`: see `SnapApi`.
    """
    book = Book(folder, now=time.time())
    sender = SnapNotices(book, keys, notify_url=notify_url, retry_seconds=retry_seconds)
    till = Till(book, FaultScript(), sender)
    door = Door(till, keys)
    api = SnapApi(till, door, merchant_id=merchant_id, banks=banks or {}, public_url=public_url)
    application = web.Application(client_max_size=64 * 1024)
    application.add_routes(
        [
            *door.routes(),
            *api.routes(),
            *ScriptApi(till).routes(),
            *Settlements(till, basic_authorization(keys.secret), name="BS", flat_fee=3_000).routes(),
            *Pages(till).routes(),
        ]
    )
    application.cleanup_ctx.append(lambda _: keep_till(till))
    return application


def main() -> None:
    """Starts the twin from the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.snap", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--notify-url", default="", help="before the paths of notices; empty: sends none")
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--merchant-id", required=True)
    parser.add_argument("--banks", default="", help="the merchant's numbers, such as 19008=bca,98829=bni")
    parser.add_argument("--secret-file", type=Path, required=True)
    parser.add_argument("--merchant-key", type=Path, required=True, help="public key (PEM)")
    parser.add_argument("--bank-key", type=Path, required=True, help="private key (PEM)")
    parser.add_argument("--data", type=Path, required=True, help="folder for its database")
    arguments = parser.parse_args()
    merchant = load_pem_public_key(arguments.merchant_key.read_bytes())
    bank = load_pem_private_key(arguments.bank_key.read_bytes(), password=None)
    assert isinstance(merchant, rsa.RSAPublicKey)
    assert isinstance(bank, rsa.RSAPrivateKey)
    secret = arguments.secret_file.read_text().strip()
    application = make_application(
        folder=arguments.data,
        keys=Keys(arguments.client_id, secret, merchant, bank),
        merchant_id=arguments.merchant_id,
        banks=dict(one.split("=") for one in arguments.banks.split(",") if one),
        notify_url=arguments.notify_url,
        public_url=f"http://{serving.HOST}:{arguments.port}",
    )
    serving.start(application, port=arguments.port, name="sandbox snap")
