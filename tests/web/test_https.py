"""Behind a proxy that speaks TLS the site is as careful as when it speaks TLS itself (deploy/nginx.conf)."""

from __future__ import annotations

import pytest

from tests.web.asking import ask
from tests.web.running_site import RunningSite


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_cookies_of_a_site_that_people_reach_by_https_never_go_out_in_the_clear(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    site = RunningSite(running.line, monkeypatch, public_url=f"{scheme}://situs.contoh").site
    answer = await ask(site, "/saya")
    assert answer.cookies
    assert all(("; Secure" in cookie) == (scheme == "https") for cookie in answer.cookies)
    assert ("strict-transport-security" in answer.headers) == (scheme == "https")
