"""The client in the field makes the calls and the retries of the contract, and goes on where it died."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from simulator.crowd.wire.field_client import Addresses, FieldClient, Refused
from simulator.crowd.wire.journeys import MODES, Desk, Journey
from simulator.crowd.wire.memory import Memory
from simulator.crowd.wire.walkers import HereWalker
from tests.simulator.wire_twin import WireTwin, twin_at

NAME = "surat.pdf"


class Field:
    """A twin, and journeys at it."""

    def __init__(
        self, twin: WireTwin, addresses: Addresses, *, session: aiohttp.ClientSession, folder: Path
    ) -> None:
        self.twin, self.folder = twin, folder
        self._addresses, self._session = addresses, session

    def journey(self, mode: str, password: str = "rahasia") -> Journey:
        """Goes on with what was noted in this mode."""
        desk = Desk("mitra", password, folder=self.folder, name=NAME)
        client = FieldClient(self._session, self._addresses)
        return MODES[mode](client, desk, Memory(self.folder / f"{mode}.json"))


@pytest_asyncio.fixture
async def field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Field]:
    monkeypatch.setattr("simulator.crowd.wire.journeys._PAUSE_S", 0.0)
    (tmp_path / NAME).write_bytes(b"%PDF-1.7")
    async with twin_at(tmp_path) as (twin, addresses), aiohttp.ClientSession() as session:
        yield Field(twin, addresses, session=session, folder=tmp_path)


@pytest.mark.parametrize("mode", ["onprem", "cloud"])
async def test_lost_answers_are_asked_for_again(field: Field, mode: str) -> None:
    field.twin.lose.update(["login", "balance", "take", "upload", "sign"])
    way = field.journey(mode)
    await way.run()
    (file, serial), *_ = way.stamped.items()
    assert file.read_bytes().startswith(b"%PDF-")
    assert field.twin.states[serial] == "STAMP"
    unused = list(field.twin.states.values()).count("NOTSTAMP")
    assert unused == (1 if mode == "onprem" else 0), "without an id of the file a serial number stays unused"
    assert {one["refToken"] for one in field.twin.asked} == {serial}, (
        "it signs with the serial number it noted"
    )


async def test_a_serial_number_is_given_up_after_five_times_97(field: Field) -> None:
    field.twin.codes = ["95", "97", "97", "96", "97", "97", "97"]
    way = field.journey("onprem")
    await way.run()
    flags = [one.get("retryFlag") for one in field.twin.asked]
    assert flags == [None, *["1"] * 7]
    assert way.memory["given_up"] == [field.twin.asked[0]["refToken"]]
    assert list(way.stamped.values()) == [field.twin.asked[-1]["refToken"]]


@pytest.mark.parametrize("code", ["90", "80", "83"])
async def test_a_refused_file_is_not_tried_again(field: Field, code: str) -> None:
    field.twin.codes = [code]
    with pytest.raises(Refused, match=code):
        await field.journey("cloud").run()
    assert len(field.twin.asked) == 1


async def test_another_client_goes_on_with_the_notes(field: Field) -> None:
    way = field.journey("onprem")
    walker = HereWalker("onprem", way)
    for _ in range(5):
        assert await walker.step()
    assert "sign" in way.memory
    await field.journey("onprem").run()
    assert field.twin.calls["take"] == field.twin.calls["sign"] == 1


async def test_a_refused_login_says_why(field: Field) -> None:
    with pytest.raises(Refused, match="Salah"):
        await field.journey("cloud", "lain").run()
