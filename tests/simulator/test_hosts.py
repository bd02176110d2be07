"""`meterai plan --hosts`: which hosts a season needs, what they cost, and the last day when they are lost."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from simulator.planner.futures import Question
from simulator.planner.hosts.answer import hosts_of
from simulator.planner.hosts.figures import Figures, read_figures
from simulator.planner.hosts.losses import lose_hosts
from simulator.planner.hosts.model import Hosts, Name
from simulator.planner.hosts.sizing import size_hosts
from simulator.planner.season import Behaviour, Policy, Season, Service
from simulator.planner.traffic import Traffic

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "meterai.cli", "plan", "--hosts"]
ROOT = Path(__file__).parents[2]
TRAFFIC = Traffic(
    joins_per_second=50,
    polls_per_second=1_000,
    panic_polls_per_second=10_000,
    site_requests_per_second=2_500,
    in_mbit=250,
    out_mbit=1_500,
    uploaded_gb=2_500,
    downloaded_gb=3_400,
    files_tb=5,
    messages_per_second=100,
    payments_per_second=50,
)


def hosts_for(*assumed: str, rate: float = 50.0) -> Hosts:
    return size_hosts(rate, Season(), TRAFFIC, read_figures([*assumed]))


def count_of(hosts: Hosts, name: Name) -> int:
    return next(kind.count for kind in hosts.kinds if kind.name == name)


def test_the_season_of_four_million_bears_a_host_lost_in_each_hour_and_does_not_with_fewer() -> None:
    asked = Question(Season(), Behaviour(), Policy(), Service(journeys_per_second=1))
    borne, hosts, plan = hosts_of(asked, Figures(), seed=1)
    assert plan.unfinished.expected < 1
    assert hosts.bears_without_one >= plan.capacity_per_second == hosts.needed_per_second
    losses = lose_hosts(borne, hosts)
    assert losses.left_behind == losses.left_behind_when_a_tenth_more_come == 0
    assert len(losses.hours) == 24
    assert {hour.lost for hour in losses.hours} == {kind.name for kind in hosts.kinds}
    assert losses.hours[-1].bears < hosts.bears_per_second
    assert losses.hours[-1].joined > 100_000
    missed = set[str]()
    for name in ("front", "site", "worker", "line", "postgresql", "store"):
        fewer = tuple(
            msgspec.structs.replace(kind, count=kind.count - 1, bears=kind.bears_with(kind.count - 1))
            if kind.name == name
            else kind
            for kind in hosts.kinds
        )
        if name == "postgresql":  # a standby is left, and a second loss finds none
            assert lose_hosts(borne, msgspec.structs.replace(hosts, kinds=fewer)).left_behind == 0
            fewer = tuple(msgspec.structs.replace(one, count=1) if one.name == name else one for one in fewer)
        alone = lose_hosts(borne, msgspec.structs.replace(hosts, kinds=fewer))
        assert alone.left_behind_when_a_tenth_more_come > 1_000, name
        if alone.left_behind > alone.left_behind_without_losses + 1_000:
            missed.add(name)
    assert missed >= {"site", "line", "postgresql", "store"}


def test_one_host_more_than_the_peak_needs_and_what_is_given_counts() -> None:
    hosts = hosts_for()
    for kind in hosts.kinds:
        assert kind.bears_with(kind.count - 1) >= hosts.needed_per_second, kind.name
        if kind.shares_work:
            assert kind.bears_with(kind.count - 2) < hosts.needed_per_second, kind.name
    order_s = 0.066 * 1.55
    assert hosts.kinds[1].bears == pytest.approx(count_of(hosts, "site") * 2 * 0.7 / (order_s * 0.44))
    assert hosts.kinds[0].limit == "network"
    assert hosts_for("front_mbit=100000").kinds[0].limit == "cpu"
    assert count_of(hosts_for("order_ms=132"), "site") > count_of(hosts, "site")
    assert count_of(hosts_for("order_ms=660", "postgres_part=0.5"), "postgresql") == 3
    assert hosts_for("order_ms=660").kinds[4].cores > hosts.kinds[4].cores == 4
    few = hosts_for("sites=1")
    assert count_of(few, "site") == 1
    assert few.bears_without_one == 0


def test_the_cost_follows_from_hosts_hours_disks_and_traffic() -> None:
    cheap = ("core_hour_rp=1e-9", "memory_gb_hour_rp=1e-9", "disk_gb_month_rp=1e-9", "traffic_gb_rp=1e-9")
    assert hosts_for(*cheap).cost.season_rp == 0
    cores = hosts_for("core_hour_rp=100", *cheap[1:])
    sum_of_cores = sum(kind.count * kind.cores for kind in cores.kinds)
    assert cores.cost.hosts_month_rp == pytest.approx(sum_of_cores * 100 * 730)
    assert cores.cost.season_rp == pytest.approx(sum_of_cores * 100 * 22 * 24)
    disks = hosts_for(*cheap[:2], "disk_gb_month_rp=10", cheap[3])
    files_gb = 5_000 * 2 + 4e6 * 40e3 / 1e9 * 3  # two copies of each document; a database and two standbys
    assert disks.cost.hosts_month_rp == pytest.approx(
        10 * (files_gb + 40 * sum(kind.count for kind in disks.kinds)), rel=1e-3
    )
    assert hosts_for(*cheap[:3], "traffic_gb_rp=10").cost.season_rp == 34_000
    hosts = hosts_for()
    assert hosts.cost.per_applicant_rp == pytest.approx(hosts.cost.season_rp / 4e6, abs=0.01)


def test_the_measured_figures_are_those_of_the_page() -> None:
    page, figures = (ROOT / "docs" / "benchmarks.md").read_text(), Figures()
    for words, value, unit in (
        ("one order over HTTP, from upload to download", figures.order_ms, "ms"),
        ("a join at the gate", figures.join_us, "us"),
        ("a poll of the status", figures.poll_us, "us"),
        ("a wait page", figures.wait_page_us, "us"),
        ("PostgreSQL's part of an order", figures.postgres_part * 100, "%"),
        ("the part of worker and signer", figures.worker_part * 100, "%"),
    ):
        row = re.search(rf"^\| {re.escape(words)} \| ([\d.]+) {unit}", page, re.M)
        assert row, words
        assert float(row[1]) == pytest.approx(value), words
    listed = (ROOT / "docs" / "planning.md").read_text()
    for name in Figures.__struct_fields__:
        assert f"`{name}`" in listed, f"docs/planning.md does not say what {name} is"


@pytest.mark.parametrize(
    ("assumed", "reason"),
    [
        ("sites=many", "is no number"),
        ("sites=2.5", "int"),
        ("rooms=2", "one of order_ms"),
        ("order_ms=0", "> 0"),
        ("usable=nan", "> 0"),
        ("postgres_part=0.9", "leave nothing for the site"),
    ],
)
def test_a_figure_that_can_not_be_is_refused(assumed: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_figures([assumed])


def test_the_command_says_who_is_left_by_its_exit_code() -> None:
    season = ("--applicants", "300000", "--days", "2", "--lose-a-host-each-hour")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*COMMAND, *words], capture_output=True, text=True, env={"COLUMNS": "200"})

    enough = run(*season)
    assert enough.returncode == 0, enough.stderr
    assert "any one of them may be lost" in enough.stdout
    assert "Nobody is left in line at closing, in the 24 courses" in enough.stdout
    few = run(*season, "--assume", "sites=1", "--language", "id")
    assert few.returncode == 1, few.stderr
    assert "TIDAK CUKUP bila satu host hilang" in few.stdout
    assert re.search(r"\n[\d.]+ orang TERTINGGAL saat penutupan", few.stdout)
    told = run(*season, "--assume", "sites=1", "--json")
    assert told.returncode == 1
    answer = json.loads(told.stdout)
    assert answer["losses"]["left_behind"] > 0
    assert answer["hosts"]["kinds"][1]["count"] == 1
    for words in (["--capacity", "60"], ["--scenario", "september-2024"]):
        refused = run(*words)
        assert (refused.returncode, "leave out" in refused.stderr) == (2, True)
