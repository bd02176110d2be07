"""What a gate gives reaches the controller's folder, whatever becomes of NATS, the gate or its disk."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from meterai.waiting_room.carrying.gate_inbox import POSITION
from tests.carrying.gate_hosts import Hosts, publish_to, reading, two_hosts, until
from tests.gate.visitor import get, join
from tests.nats_server import running_nats

pytestmark = pytest.mark.journey


@pytest_asyncio.fixture(params=["folder", "nats"])
async def hosts(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Hosts]:
    """A line over one shared folder, and one that NATS carries."""
    if request.param == "folder":
        async with two_hosts(tmp_path, None) as made:
            yield made
    else:
        with running_nats() as server:
            async with two_hosts(tmp_path, server) as made:
                yield made


@pytest_asyncio.fixture
async def over_nats(tmp_path: Path) -> AsyncIterator[Hosts]:
    """A line that NATS carries."""
    with running_nats() as server:
        async with two_hosts(tmp_path, server) as made:
            yield made


def contents(hosts: Hosts) -> dict[str, bytes]:
    """Every file of gates in the controller's folder that is only appended to."""
    folder = hosts.centre.path / "gates"
    return {
        str(path): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".json"
    }


async def test_joins_of_a_gate_reach_the_controller_and_close_their_window(hosts: Hosts) -> None:
    gate = hosts.gate()
    given = await hosts.joined(gate, "ani", "budi", "citra")
    assert get(gate.port, f"/antre/casn/t/{join(gate.port, 'ani@contoh.id').ticket}").status == 200
    last = given[-1].window
    found = [await hosts.found(window) for window in range(given[0].window, last + 1)]
    assert sum(one.count for one in found) == len(hosts.joins()) >= 3
    assert {ticket.sequence for ticket in given} <= set(hosts.joins())
    assert [one.dead for one in found] == [()] * len(found)
    notes = hosts.at_front.gate(1) / "notes"
    await until(lambda: (hosts.centre.gate(1) / "notes").read_bytes() == notes.read_bytes())
    await until(lambda: hosts.centre.known_gate(1).exists())
    await until(lambda: hosts.sign().closed_through >= last)


async def test_what_comes_twice_changes_nothing(hosts: Hosts) -> None:
    gate = hosts.gate()
    await hosts.joined(gate, "ani", "budi")
    gate.stop(signal.SIGKILL)
    (hosts.at_front.gate(1) / "sent.json").unlink(missing_ok=True)  # the gate sends everything again
    gate.start()
    last = (await hosts.joined(gate, "citra"))[-1]
    found = await hosts.found(last.window)
    assert found.dead == ()
    gate.stop()
    before = contents(hosts)
    assert hosts.joins() == list(range(1, last.sequence + 1))
    (hosts.queue.root / POSITION).unlink(missing_ok=True)  # the controller reads everything again
    async with reading(hosts.queue.root, hosts.server):
        if hosts.server:
            await until((hosts.queue.root / POSITION).exists)
    assert contents(hosts) == before


async def test_a_gate_that_ends_in_order_is_not_missed_and_one_that_comes_back_goes_on(hosts: Hosts) -> None:
    gate = hosts.gate()
    first = (await hosts.joined(gate, "ani"))[-1]
    gate.stop()
    empty = await hosts.found(first.window + 4)
    assert (empty.count, empty.dead) == (0, ())
    hosts.publish()
    gate.start()
    again = (await hosts.joined(gate, "budi"))[0]
    assert again.sequence == first.sequence + 1
    found = await hosts.found(again.window)
    assert found.dead == ()


async def test_a_gate_goes_on_while_nats_is_away_and_what_it_gave_arrives_afterwards(
    over_nats: Hosts,
) -> None:
    assert over_nats.server is not None
    gate = over_nats.gate()
    await over_nats.joined(gate, "ani")
    over_nats.server.end()
    began = time.monotonic()
    away = await over_nats.joined(gate, *(f"budi{n}" for n in range(5)))
    assert time.monotonic() - began < 5, "nobody waits for NATS"
    assert not set(over_nats.joins()) & {ticket.sequence for ticket in away}
    over_nats.server.start()
    last = (await over_nats.joined(gate, "citra"))[-1]
    await until(lambda: over_nats.joins() == list(range(1, last.sequence + 1)))
    found = await over_nats.found(last.window)
    assert found.dead == ()


async def test_a_silent_gate_may_have_given_tickets_and_is_declared_dead(over_nats: Hosts) -> None:
    """Its host is cut off: no file of the window comes. Those tickets are honoured without a list."""
    assert over_nats.server is not None
    gate = over_nats.gate()
    await over_nats.joined(gate, "ani")
    await until(lambda: over_nats.joins())
    over_nats.server.end()
    given = (await over_nats.joined(gate, "budi"))[-1]
    gate.stop(signal.SIGKILL)
    over_nats.server.start()
    found = await over_nats.found(given.window + 1)
    assert (found.count, found.dead) == (0, (1,))
    gate.start()
    await over_nats.joined(gate, "citra")
    await until(lambda: given.sequence in over_nats.joins())


async def test_a_gate_that_is_behind_holds_up_the_end_of_its_windows(over_nats: Hosts) -> None:
    """NATS was away for several windows. When it is back, none is closed before its joins are there."""
    assert over_nats.server is not None
    gate = over_nats.gate()
    first = (await over_nats.joined(gate, "ani"))[0]
    over_nats.server.end()
    given = await over_nats.joined(gate, "budi")
    await over_nats.over(given[-1].window + 5)
    over_nats.server.start()
    await until(lambda: over_nats.sign().at > time.time() - 3)
    found = [await over_nats.found(window) for window in range(first.window, given[-1].window + 1)]
    assert [one.dead for one in found] == [()] * len(found)
    assert sum(one.count for one in found) == given[-1].sequence


async def test_a_gate_that_lost_its_folder_goes_on_well_behind_and_is_declared_dead(over_nats: Hosts) -> None:
    gate = over_nats.gate()
    before = (await over_nats.joined(gate, "ani", "budi"))[-1]
    await until(lambda: before.sequence in over_nats.joins())
    gate.stop(signal.SIGKILL)
    shutil.rmtree(over_nats.front)
    over_nats.publish()
    gate.start()
    after = (await over_nats.joined(gate, "citra"))[-1]
    assert after.sequence > before.sequence + 1_000_000
    found = await over_nats.found(after.window)
    assert found.dead == (1,)
    await until(lambda: {before.sequence, after.sequence} <= set(over_nats.joins()))
    later = (await over_nats.joined(gate, "dewi"))[-1]
    assert (await over_nats.found(later.window)).dead == ()


async def test_a_new_folder_gives_no_ticket_before_nats_was_asked(over_nats: Hosts) -> None:
    """The gate's disk is lost while NATS is away: without it nobody knows which sequences were given."""
    assert over_nats.server is not None
    over_nats.server.end()
    gate = over_nats.gate()
    assert join(gate.port, "ani@contoh.id").status == 502
    over_nats.server.start()
    assert (await over_nats.joined(gate, "ani"))[0].sequence == 1
    gate.stop()
    over_nats.server.end()
    gate.start()  # it ended in order: controllers expect no ticket of it
    assert join(gate.port, "budi@contoh.id").status == 502
    over_nats.server.start()
    last = (await over_nats.joined(gate, "budi"))[0]
    gate.stop(signal.SIGKILL)
    over_nats.server.end()
    gate.start()
    assert (await over_nats.joined(gate, "citra"))[0].sequence == last.sequence + 1
    over_nats.server.start()


async def test_when_nats_lost_its_disk_everything_is_sent_again(over_nats: Hosts) -> None:
    assert over_nats.server is not None
    gate = over_nats.gate()
    given = (await over_nats.joined(gate, "ani", "budi"))[-1]
    await until(lambda: given.sequence in over_nats.joins())
    over_nats.server.lose_disk()
    over_nats.server.start()
    last = (await over_nats.joined(gate, "citra"))[-1]
    await until(lambda: last.sequence in over_nats.joins())
    shutil.rmtree(over_nats.centre.path / "gates")
    (over_nats.queue.root / POSITION).unlink()
    async with reading(over_nats.queue.root, over_nats.server):
        await until(lambda: over_nats.joins() == list(range(1, last.sequence + 1)))


async def test_a_number_that_a_gate_of_another_host_has_is_refused(over_nats: Hosts, tmp_path: Path) -> None:
    gate = over_nats.gate()
    await over_nats.joined(gate, "ani")
    other = tmp_path / "other"
    publish_to(other, over_nats.queue)
    second = over_nats.gate(root=other, host="other")
    await until(lambda: second.process.poll() is not None)
    assert second.process.returncode == 1
    assert (await over_nats.joined(gate, "budi"))[0].sequence == 2
    third = over_nats.gate(2, root=other, host="other")
    assert (await over_nats.joined(third, "citra"))[0].sequence == 1


async def test_a_mirror_has_of_other_hosts_gates_what_its_sites_and_gates_read(
    over_nats: Hosts, tmp_path: Path
) -> None:
    root = tmp_path / "mirror"
    async with (
        reading(root, over_nats.server, is_mirror=True),
        reading(over_nats.front, over_nats.server, is_mirror=True),
    ):
        given = (await over_nats.joined(over_nats.gate(), "ani"))[-1]
        place = root / "casn" / "gates" / "1"
        await until(lambda: (place / "notes").exists() and (place / "gate.json").exists())
        found = await over_nats.found(given.window)
        assert found.dead == ()
        assert {path.name for path in place.iterdir()} == {"notes", "gate.json"}
        here = {path.name for path in over_nats.at_front.gate(1).iterdir()}
        assert {"lock", "sequence"} <= here
        assert b"is_carried" not in (over_nats.at_front.gate(1) / "gate.json").read_bytes()
