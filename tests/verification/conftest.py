"""The fixed cast: Anggun stamps honestly; Mallory forges; Budi merely signs with a certificate of his own."""

from __future__ import annotations

import pytest

from tests.verification.making import House, letter, make_house, stamp, stamp_twice


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return make_house(tmp_path_factory.mktemp("house") / "pki")


@pytest.fixture(scope="session")
def other_house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """The same names, other keys: whoever makes a development PKI of his own gets this."""
    return make_house(tmp_path_factory.mktemp("other") / "pki")


@pytest.fixture(scope="session")
def stamped(house: House) -> bytes:
    return stamp(letter(), house)


@pytest.fixture(scope="session")
def both(house: House) -> tuple[bytes, bytes]:
    return stamp_twice(letter(pages=2), house)


@pytest.fixture(scope="session")
def twice(both: tuple[bytes, bytes]) -> bytes:
    return both[1]
