"""What each part of the service needs in production.

What nobody may set there, `unsafe_settings.py` says. The launcher adds what concerns it alone
(`launcher/preparation.py`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Final, Literal

from meterai.kit.settings import Settings, from_environment, gateway_names

Part = Literal[
    "service",
    "site",
    "worker",
    "gate",
    "controller",
    "mirror",
    "signer",
    "verifier",
    "adapter",
    "closer",
    "console",
    "status",
]
"""A kind of process; `service`: all of them, for `meterai up` and `meterai install`."""

_OPERATOR: Final = ("operator_name", "operator_address", "operator_basis", "operator_appointment")
_PROBE: Final[Mapping[Part, tuple[str, ...]]] = {
    "service": ("probe_contact", "probe_secret"),
    "site": ("probe_secret",),
    "worker": ("probe_contact",),
    "status": ("probe_secret",),
}
"""What each part needs where the probe is on."""
_LINE: Final[Mapping[Part, tuple[str, ...]]] = {
    "mirror": ("nats_url", "line_key"),
    "controller": ("nats_url", "line_key", "line_controller_key"),
}
"""What each part needs to take part in lines over NATS."""
_GATEWAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "midtrans": ("gateway_url", "gateway_server_key", "gateway_merchant_id"),
    "snap": ("snap_url", "snap_client_id", "snap_client_secret", "snap_private_key", "snap_bank_key"),
}
"""What each payment gateway needs, for the parts that speak to it."""
_PAYS: Final = ("service", "site", "worker")
_WORKER: Final = ("payout_url", "payout_key", "smtp_url", "contact", *_OPERATOR)
_NEEDS: Final[Mapping[Part, tuple[str, ...]]] = {
    "service": ("tsa_url", *_WORKER, "queue_beacon"),
    "site": ("contact", *_OPERATOR),
    "worker": _WORKER,
    "gate": ("public_url", "contact", "operator_name"),
    "controller": ("queue_beacon",),
    "mirror": (),
    "signer": ("tsa_url",),
    "verifier": (),
    "closer": (),
    "console": ("console_url",),
    "status": ("public_url", "status_url"),
    "adapter": ("adapter_service", "adapter_folder"),
}
"""Settings without which a part can't work in production."""
_WHY: Final = {
    ("public_url",): "production needs the address to which people are sent on",
    ("status_url",): "name the address at which people see the status page",
    _OPERATOR: "pages of production name the company that people pay, its address, the law under which it "
    "sells and its appointment",
    ("contact",): "pages of production say where people reach us; give an e-mail address, a telephone "
    "number or an https address",
    ("probe_contact", "probe_secret"): "the probe that METERAI_PROBE turns on needs it (docs/news.md)",
    ("queue_beacon",): "name a public beacon such as https://api.drand.sh/CHAINHASH, or none. Without a "
    "beacon people must trust the operator with the draws, and the public rules say so",
}


def settings_of(part: Part, variables: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings of a process. In words, it ends a process whose settings are refused."""
    try:
        settings = from_environment(os.environ if variables is None else variables)
        refuse_unfit(settings, part)
    except ValueError as error:
        sys.exit(f"Not started. {error}")
    return settings


def refuse_unfit(settings: Settings, part: Part) -> None:
    """Refuses settings with which a part of the service must not run in production.

    Raises: ValueError naming the settings, what is wrong and what to do.
    """
    _refuse_unlinked(settings, part)
    if settings.environment != "production":
        return
    _refuse_missing(settings, part)
    if os.path.exists(settings.data / "pki" / "root.pem"):  # gates and controllers may not look there
        raise ValueError(
            f"METERAI_ENVIRONMENT: production refuses the development PKI in {settings.data / 'pki'}; "
            "give it a data directory of its own"
        )


def _refuse_unlinked(settings: Settings, part: Part) -> None:
    """Refuses a part that can't take part in lines over NATS. A controller without them shares a folder."""
    missing = [name for name in _LINE.get(part, ()) if not getattr(settings, name)]
    if missing and (part == "mirror" or "nats_url" not in missing):
        raise ValueError(
            f"{_variables(missing)}: lines over NATS need it (docs/several-hosts.md). The keys are made with "
            "the installation: copy them from its first host"
        )


def _refuse_missing(settings: Settings, part: Part) -> None:
    spoken = gateway_names(settings) if part in _PAYS else []
    needed = [*_NEEDS[part], *(name for gateway in spoken for name in _GATEWAYS.get(gateway, ()))]
    missing = [name for name in needed if not getattr(settings, name)]
    if "snap" in spoken and not (settings.snap_merchant_id or settings.snap_companies):
        missing.append("snap_merchant_id")
    explained = {name for names in _WHY for name in names}
    if settings.probe == "on":
        missing += [name for name in _PROBE.get(part, ()) if not getattr(settings, name)]
    if services := [name for name in missing if name not in explained]:
        raise ValueError(
            f"METERAI_ENVIRONMENT: production needs real services; set {_variables(services)} as well"
        )
    for names, why in _WHY.items():
        if those := [name for name in names if name in missing]:
            raise ValueError(f"{_variables(those)}: {why}")


def _variables(names: list[str]) -> str:
    return ", ".join(f"METERAI_{name.upper()}" for name in names)
