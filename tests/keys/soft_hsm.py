"""SoftHSM2 with a folder of its own: tokens are made, removed and put back as a device would be."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "87654321"


@dataclass
class SoftHsm:
    """Runs commands with its configuration. `environment` is for processes that use it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tokens.mkdir(parents=True)
        configuration = self.folder / "softhsm2.conf"
        configuration.write_text(f"directories.tokendir = {self.tokens}\nlog.level = ERROR\n")
        self.environment = {"SOFTHSM2_CONF": str(configuration), "METERAI_PKCS11_MODULE": str(MODULE)}

    @property
    def tokens(self) -> Path:
        return self.folder / "tokens"

    def run(self, *argv: str) -> None:
        subprocess.run(
            argv, env={**os.environ, **self.environment}, check=True, capture_output=True, timeout=60
        )

    def make_token(self, label: str) -> None:
        self.run(
            "softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", PIN
        )

    def make_key(self, token: str, label: str, *, kind: str = "rsa:2048", id: str = "01") -> str:
        """Generates a key pair inside the token. Returns its place."""
        self.run(
            "pkcs11-tool", "--module", str(MODULE), "--token-label", token, "--login", "--pin", PIN,
            "--keypairgen", "--key-type", kind, "--label", label, "--id", id, "--usage-sign",
        )  # fmt: skip
        return f"pkcs11:token={token};object={label}"

    def remove(self) -> None:
        """Removes all tokens."""
        self.tokens.rename(self.folder / "pulled")
        self.tokens.mkdir()

    def put_back(self) -> None:
        self.tokens.rmdir()
        (self.folder / "pulled").rename(self.tokens)

    def write_pin(self, path: Path, pin: str = PIN) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        path.write_text(pin)
        return path
