"""The origin of a request behind proxies: gates and site must agree."""

from __future__ import annotations

from typing import Any

import pytest

from meterai.kit.settings import from_environment
from meterai.processes.gate import gate_settings
from meterai.processes.site import server_config

NAMED = {"METERAI_TRUSTED_PROXIES": "10.0.0.5, 10.1.0.0/24,fd00::5"}


@pytest.mark.parametrize(
    ("peer", "told", "caller"),
    [
        ("127.0.0.1", ["114.122.7.9"], "114.122.7.9"),
        ("::1", ["114.122.7.9"], "114.122.7.9"),
        ("::ffff:127.0.0.1", ["114.122.7.9"], "114.122.7.9"),
        ("10.0.0.5", ["114.122.7.9"], "114.122.7.9"),
        ("::ffff:10.1.0.77", ["114.122.7.9"], "114.122.7.9"),
        ("10.1.0.77", ["114.122.7.9"], "114.122.7.9"),
        ("fd00::5", ["2001:448a::7"], "2001:448a::7"),
        ("10.0.0.5", ["114.122.7.9:51234"], "114.122.7.9"),
        ("10.0.0.5", ["[2001:448a::7]:51234"], "2001:448a::7"),
        ("127.0.0.1", ["114.122.7.9, 10.0.0.5"], "114.122.7.9"),  # through two of ours
        ("127.0.0.1", ["114.122.7.9", "10.0.0.5"], "114.122.7.9"),  # each with a line of its own
        ("127.0.0.1", ["1.1.1.1, 114.122.7.9, 10.0.0.5"], "114.122.7.9"),  # who came wrote the first
        ("127.0.0.1", ["10.0.0.5, 10.1.0.9"], "10.0.0.5"),  # from one of ours itself
        ("127.0.0.1", [], "127.0.0.1"),
        ("10.0.0.6", ["114.122.7.9"], "10.0.0.6"),  # not one of ours: may say what it likes
        ("114.122.7.9", ["127.0.0.1"], "114.122.7.9"),
    ],
)
async def test_gate_and_site_take_the_same_address_for_the_caller(
    peer: str, told: list[str], caller: str
) -> None:
    proxies = gate_settings(from_environment(NAMED), number=1, port=8006).proxies
    assert proxies.caller(peer, ", ".join(told)) == caller
    assert await seen_by_site(peer, told) == caller


def test_without_names_only_this_machine_is_believed() -> None:
    proxies = gate_settings(from_environment({}), number=1, port=8006).proxies
    assert proxies.caller("127.0.0.1", "114.122.7.9") == "114.122.7.9"
    assert proxies.caller("", "114.122.7.9") == "114.122.7.9"  # over a Unix socket
    assert proxies.caller("10.0.0.5", "114.122.7.9") == "10.0.0.5"


@pytest.mark.parametrize("text", ["load-balancer", "10.0.0.5/24", "10.0.0.5;10.0.0.6", "*"])
def test_what_is_no_address_and_no_network_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"^METERAI_TRUSTED_PROXIES: Expected addresses"):
        from_environment({"METERAI_TRUSTED_PROXIES": text})


async def seen_by_site(peer: str, told: list[str]) -> str:
    """The caller's address in the scope that reaches the site through uvicorn."""
    seen: list[str] = []

    async def site(scope: dict[str, Any], _receive: object, _send: object) -> None:
        seen.append(scope["client"][0])

    config = server_config(from_environment(NAMED), site)
    config.load()
    headers = [(b"x-forwarded-for", one.encode()) for one in told]
    scope: Any = {"type": "http", "client": (peer, 51234), "headers": headers, "scheme": "http"}
    application: Any = config.loaded_app
    await application(scope, None, None)
    return seen[0]
