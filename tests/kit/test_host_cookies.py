"""Over HTTPS, cookies have names that no other host can set."""

from __future__ import annotations

import pytest

from meterai.kit.http.host_cookies import OLD_NAMES_UNTIL, host_cookies, plain_cookies

BEFORE, AFTER = OLD_NAMES_UNTIL - 1, OLD_NAMES_UNTIL
OLD_ONE_GONE = b"masuk=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"


@pytest.mark.parametrize(
    ("sent", "before", "after"),
    [
        (b"", b"", b""),
        (b"__Host-masuk=a; __Host-kode=b", b"masuk=a; kode=b", b"masuk=a; kode=b"),
        (b"masuk=a; kode=b=c", b"masuk=a; kode=b=c", b""),
        (b"masuk=planted; __Host-masuk=a", b"masuk=a", b"masuk=a"),
        (b"__Host-masuk=a; masuk=planted", b"masuk=a", b"masuk=a"),
        (b"masuk=longer path; masuk=a", b"masuk=a", b""),
        (b"__host-masuk=x; __HOST-masuk=x", b"__host-masuk=x; __HOST-masuk=x", b""),
        (b"\xa0masuk=x; \x85__Host-masuk=x; =__Host-masuk=x; ma suk=x; a", b"a=", b""),
    ],
)
def test_a_cookie_of_another_host_stands_for_none_of_ours(sent: bytes, before: bytes, after: bytes) -> None:
    assert plain_cookies(sent, BEFORE) == before
    assert plain_cookies(sent, AFTER) == after


@pytest.mark.parametrize("value", [b"masuk=a; Path=/; Secure", b"masuk=; Path=/; Max-Age=0; Secure"])
def test_a_cookie_that_is_set_or_deleted_takes_its_old_name_along(value: bytes) -> None:
    assert host_cookies(value, b"__Host-masuk=b; kode=c") == [b"__Host-" + value]
    assert host_cookies(value, b"kode=c; masuk=b") == [b"__Host-" + value, OLD_ONE_GONE]
