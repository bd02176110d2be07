"""The judgement of the cluster's faults: time without service, what is lost, and the shipped nginx."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from chaos.cluster import nats
from chaos.cluster.faults import FAULTS, chosen
from chaos.cluster.front import fitted
from chaos.cluster.hosts import APPS, FRONTS, GATE, SITE, STORES, address
from chaos.cluster.outcome import ClusterOutcome, FaultOutcome
from chaos.cluster.probes import longest_gap

SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx.conf"


@pytest.mark.parametrize(
    ("moments", "longest"),
    [([], 10.0), ([1, 2, 3, 9], 6.0), ([9.5], 9.5), ([0.5, 1, 2], 8.0), ([-3, 5, 40], 5.0)],
)
def test_time_without_service_counts_from_the_fault_to_its_end(moments: list[float], longest: float) -> None:
    assert longest_gap(moments, 0, 10) == longest


def outcome(**changed: object) -> FaultOutcome:
    given = {"name": "x", "aims": {"order": 30.0, "ticket": 3.0}, "kinds": {"order": 20.0, "ticket": 1.0}}
    one = FaultOutcome(**given | changed)  # type: ignore[arg-type]
    one.settle()
    return one


def test_a_fault_is_judged_by_the_kind_of_service_that_is_nearest_to_its_aim() -> None:
    held = outcome()
    assert (held.kind, held.seconds, held.aim, held.held) == ("order", 20.0, 30.0, True)
    late = outcome(kinds={"order": 20.0, "ticket": 4.0})
    assert (late.kind, late.seconds, late.aim, late.held) == ("ticket", 4.0, 3.0, False)


def test_a_loss_or_a_broken_check_is_never_held() -> None:
    assert not outcome(lost=1).held
    assert not outcome(wrong=["I1: ..."]).held
    whole = ClusterOutcome(faults=[outcome(), outcome(lost=1)])
    whole.settle()
    assert not whole.ok
    empty = ClusterOutcome()
    empty.settle()
    assert not empty.ok


def test_the_short_run_has_five_faults_and_a_name_that_is_unknown_is_refused() -> None:
    assert len(chosen("", short=True, over_nats=True)) == 5
    assert len(chosen("", short=True, over_nats=False)) == 4
    assert chosen("", short=False, over_nats=True) == list(FAULTS)
    assert [one.name for one in chosen("site-killed", short=True, over_nats=False)] == ["site-killed"]
    for unknown in ("meteor", "nats-server-killed"):
        with pytest.raises(ValueError, match=f"no fault {unknown}"):
            chosen(unknown, short=False, over_nats=False)


def test_each_fault_has_a_name_of_its_own_and_an_aim() -> None:
    assert len({one.name for one in FAULTS}) == len(FAULTS)
    assert all(one.aims and all(aim > 0 for aim in one.aims.values()) for one in FAULTS)


def test_a_pair_allows_each_kind_of_service_what_the_worse_of_both_allows() -> None:
    (pair,) = (one for one in FAULTS if one.name == "front-and-pgbouncer-killed")
    assert pair.aims == {"order": 5.0, "page": 5.0, "ticket": 3.0}


@pytest.mark.skipif(shutil.which("nginx", path="/usr/sbin:/usr/bin") is None, reason="apt-get install nginx")
def test_the_shipped_nginx_fits_the_cluster(tmp_path: Path) -> None:
    text = fitted(SHIPPED.read_text(), tmp_path, tmp_path / "queue", here="127.0.0.1")
    for host, port in ((FRONTS[1], GATE), (APPS[0], SITE), (APPS[1], SITE)):
        assert f"server {address(host)}:{port} " in text
    (tmp_path / "nginx.conf").write_text(text)
    words = ["/usr/sbin/nginx", "-t", "-e", "stderr", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr


@pytest.mark.skipif(not Path("/usr/sbin/nats-server").exists(), reason="apt-get install nats-server")
def test_the_shipped_configuration_of_nats_fits_the_cluster(tmp_path: Path) -> None:
    (tmp_path / "nats.conf").write_text(nats.fitted(nats.SHIPPED.read_text(), tmp_path, STORES[0]))
    passwords = {
        f"METERAI_NATS_{user.upper()}_PASSWORD": "x" * 20 for user in ("controller", "gate", "mirror")
    }
    words = ["/usr/sbin/nats-server", "-t", "-c", str(tmp_path / "nats.conf")]
    told = subprocess.run(words, env=passwords, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
