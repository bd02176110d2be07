"""The manifests of `deploy/kubernetes`: each role of `meterai run` has one, and it is what the role needs."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from meterai.cli.run_role import Role
from meterai.kit.secret_settings import CREDENTIALS, SECRET_FILES, SECRETS
from meterai.kit.settings import describe

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
IMAGE = ROOT / "deploy" / "container"
FILES = sorted(FOLDER.glob("*.yaml"))
WORKLOADS = ("Deployment", "StatefulSet", "Job")
DATABASE_PORTS = {5432, 6432}
NEED_DATABASE = {*Role} - {Role.GATE, Role.STATUS, Role.MIRROR}
KEEP_STATE = {Role.SIGNER, Role.GATE}
"""A counter beside a key, a number with a journal: two pods may never have the same."""
HAVE_ONE_POD = {Role.SIGNER, Role.CONSOLE, Role.CLOSER, Role.STATUS, Role.MIRROR}

Manifest = dict[str, Any]


def manifests(path: Path) -> list[Manifest]:
    """The objects that a file describes."""
    return list(yaml.safe_load_all(path.read_text()))


EVERYTHING = [manifest for path in FILES for manifest in manifests(path)]
RUNNING = [manifest for manifest in EVERYTHING if manifest["kind"] in WORKLOADS]


def of_role(role: Role, *kinds: str) -> list[Manifest]:
    """Its objects of these kinds. They are in a file of its name."""
    return [manifest for manifest in manifests(FOLDER / f"{role}.yaml") if manifest["kind"] in kinds]


def pod(workload: Manifest) -> Manifest:
    """What a workload says about each of its pods."""
    return dict(workload["spec"]["template"]["spec"])


def container(workload: Manifest) -> Manifest:
    """The only container of its pods."""
    (one,) = pod(workload)["containers"]
    return dict(one)


def variables(workload: Manifest) -> dict[str, str]:
    """The values that stand in a manifest; empty for one that Kubernetes fills in."""
    return {entry["name"]: entry.get("value", "") for entry in container(workload)["env"]}


def matches(selector: Manifest, workload: Manifest) -> bool:
    """Whether a selector names the pods of a workload."""
    labels = workload["spec"]["template"]["metadata"]["labels"]
    return bool(selector) and selector["matchLabels"].items() <= labels.items()


def ports(rule: Manifest) -> set[int]:
    """The ports that a rule of a network policy names."""
    return {entry["port"] for entry in rule["ports"]}


def test_kubernetes_knows_every_field() -> None:
    words = [Path(sys.executable).parent / "kubernetes-validate", "--strict", "--quiet", *FILES]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("role", Role)
def test_each_role_runs_and_says_how_it_is(role: Role) -> None:
    workloads = of_role(role, *WORKLOADS)
    assert workloads
    for workload in workloads:
        one = container(workload)
        assert one["args"] == [role.value]
        assert "command" not in one, "the image starts `meterai run`"
        assert workload["kind"] == ("StatefulSet" if role in KEEP_STATE else "Deployment")
        assert workload["spec"]["replicas"] == (1 if role in HAVE_ONE_POD else 2)
        assert pod(workload)["terminationGracePeriodSeconds"] >= 30
        (monitors,) = (port["containerPort"] for port in one["ports"] if port["name"] == "monitors")
        assert variables(workload)["METERAI_ROLE_PORT"] == f"0.0.0.0:{monitors}"
        for probe, path in (("startup", "/healthz"), ("liveness", "/healthz"), ("readiness", "/readyz")):
            assert one[f"{probe}Probe"]["httpGet"] == {"path": path, "port": "monitors"}
        (budget,) = of_role(role, "PodDisruptionBudget")
        assert budget["spec"]["maxUnavailable"] == 1
        assert matches(budget["spec"]["selector"], workload)
        for service in of_role(role, "Service"):
            named = {port["name"] for port in one["ports"]}
            assert {port["targetPort"] for port in service["spec"]["ports"]} <= named


@pytest.mark.parametrize("workload", RUNNING, ids=lambda one: one["metadata"]["name"])
def test_a_pod_has_no_rights_but_its_own(workload: Manifest) -> None:
    one, whole = container(workload), pod(workload)
    assert one["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert whole["securityContext"]["runAsNonRoot"] is True
    assert whole["securityContext"]["runAsUser"] > 0
    assert whole["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert whole["automountServiceAccountToken"] is False
    assert one["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in one["resources"]["limits"]
    claims = workload["spec"].get("volumeClaimTemplates", [])
    volumes = {volume["name"] for volume in whole["volumes"]} | {one["metadata"]["name"] for one in claims}
    assert {mount["name"] for mount in one["volumeMounts"]} == volumes


def test_roles_are_different_users() -> None:
    users = {role: pod(of_role(role, *WORKLOADS)[0])["securityContext"]["runAsUser"] for role in Role}
    assert len(set(users.values())) == len(users)


def _names() -> Iterator[tuple[str, str]]:
    for manifest in EVERYTHING:
        if manifest["kind"] == "ConfigMap":
            yield from ((manifest["metadata"]["name"], name) for name in manifest["data"])
    for workload in RUNNING:
        yield from ((workload["metadata"]["name"], name) for name in variables(workload))


def test_each_setting_exists_and_none_is_a_secret() -> None:
    settings = {name for name, _, _ in describe()}
    for place, name in _names():
        assert name in settings | {CREDENTIALS, "AWS_REGION"}, f"{place} sets {name}"
        assert name not in {*SECRETS, *SECRET_FILES}, f"{place}: {name} belongs into a Secret"
    paths = [item["path"] for workload in RUNNING for item in _items(workload) if "METERAI_" in item["path"]]
    assert set(paths) == {"METERAI_SIGNER_TLS_KEY"}
    assert set(paths) <= set(SECRET_FILES)


def _items(workload: Manifest) -> Iterator[dict[str, str]]:
    for volume in pod(workload)["volumes"]:
        for source in volume.get("projected", {}).get("sources", []):
            yield from next(iter(source.values())).get("items", [])


@pytest.mark.parametrize("role", Role)
def test_a_role_reaches_what_it_needs_and_no_more(role: Role) -> None:
    (policy,) = of_role(role, "NetworkPolicy")
    (workload, *_) = of_role(role, *WORKLOADS)
    assert matches(policy["spec"]["podSelector"], workload)
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    egress = policy["spec"]["egress"]
    assert all("ports" in rule for rule in egress), "a rule without ports opens them all"
    reached = {port for rule in egress for port in ports(rule)}
    assert reached & DATABASE_PORTS == (DATABASE_PORTS if role in NEED_DATABASE else set())
    assert (8400 in reached) == (role in (Role.SITE, Role.WORKER))


def test_workers_and_sites_alone_ask_a_signer() -> None:
    (policy,) = of_role(Role.SIGNER, "NetworkPolicy")
    (asking,) = (rule for rule in policy["spec"]["ingress"] if 8400 in ports(rule))
    asked = {entry["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for entry in asking["from"]}
    assert asked == {"worker", "site"}
    assert all(entry.keys() == {"podSelector"} for entry in asking["from"])
    names = [variables(workload)["METERAI_SIGNER_NAME"] for workload in of_role(Role.SIGNER, "StatefulSet")]
    assert len(set(names)) == len(names) == 2, "two signers never share a name, or a key"


def test_the_schema_is_brought_to_its_newest_by_a_job() -> None:
    (job,) = (manifest for manifest in RUNNING if manifest["kind"] == "Job")
    assert container(job)["command"] == ["meterai", "db", "migrate"]
    assert pod(job)["restartPolicy"] == "Never"


def test_who_is_not_named_reaches_nobody() -> None:
    (closed,) = (one for one in EVERYTHING if one["metadata"]["name"] == "meterai-nothing")
    assert closed["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_the_image_starts_a_role_as_a_user_without_rights() -> None:
    lines = (IMAGE / "Containerfile").read_text().splitlines()
    last = lines[max(place for place, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert 'ENTRYPOINT ["meterai", "run"]' in last
    assert "USER 10000:10000" in last
    for script in (IMAGE / "base", IMAGE / "build"):
        assert os.access(script, os.X_OK)
        assert subprocess.run(["sh", "-n", script], check=False).returncode == 0


def test_the_manifests_name_the_image_of_this_release() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {container(workload)["image"] for workload in RUNNING} == {f"registry.example/meterai:{version}"}
