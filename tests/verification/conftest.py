"""The fixed cast: Anggun stamps honestly; Mallory forges; Budi merely signs with a certificate of his own."""

from __future__ import annotations

import pytest

from tests.verification.making import Stamper, letter, make_stamper, stamp, stamp_twice


@pytest.fixture(scope="session")
def stamper(tmp_path_factory: pytest.TempPathFactory) -> Stamper:
    return make_stamper(tmp_path_factory.mktemp("stamper") / "pki")


@pytest.fixture(scope="session")
def other_stamper(tmp_path_factory: pytest.TempPathFactory) -> Stamper:
    """The same names, other keys: whoever makes a development PKI of his own gets this."""
    return make_stamper(tmp_path_factory.mktemp("other") / "pki")


@pytest.fixture(scope="session")
def stamped(stamper: Stamper) -> bytes:
    return stamp(letter(), stamper)


@pytest.fixture(scope="session")
def both(stamper: Stamper) -> tuple[bytes, bytes]:
    return stamp_twice(letter(pages=2), stamper)


@pytest.fixture(scope="session")
def twice(both: tuple[bytes, bytes]) -> bytes:
    return both[1]
