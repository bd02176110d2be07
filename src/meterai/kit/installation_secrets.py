"""The secrets of a data directory."""

from __future__ import annotations

from pathlib import Path

import msgspec

from meterai.kit import application_secret
from meterai.kit.application_secret import SecretFile
from meterai.kit.database_urls import ROLES, Role
from meterai.kit.files.secret_files import (
    keep_ed25519_key,
    keep_rsa_pair,
    keep_secret,
    keep_secrets,
    keep_text,
)
from meterai.kit.settings import Settings, secrets_folder


class Secrets:
    """The secrets of a data directory: files of mode 0600 in DATA/secrets, made on first use."""

    def __init__(self, data: Path, folder: Path | None = None) -> None:
        """`folder`: where they are kept; None: in DATA/secrets."""
        self.folder = folder or data / "secrets"
        self.whatsapp_token_file = self.folder / "whatsapp-token"
        self.gateway_server_key_file = self.folder / "gateway-server-key"
        self.payout_key_file = self.folder / "payout-key"
        self.snap_client_secret_file = self.folder / "snap-client-secret"
        self.snap_key_file = self.folder / "snap-key.pem"
        self.snap_public_key_file = self.folder / "snap-key-public.pem"
        self.snap_bank_key_file = self.folder / "snap-bank-key.pem"
        self.snap_bank_public_key_file = self.folder / "snap-bank-key-public.pem"
        self.metrics_token_file = self.folder / "metrics-token"
        self.day_close_key_file = self.folder / "day-close.key.pem"
        self.console_key_file = self.folder / "console-key"
        self.probe_secret_file = self.folder / "probe-secret"

    @property
    def database_owner(self) -> str:
        """Password of the embedded database's owner."""
        return keep_secret(self.folder, "database-owner")

    @property
    def database_roles(self) -> dict[Role, str]:
        """Passwords of the database roles."""
        kept = keep_secrets(self.folder, "database", ROLES)
        return {role: kept[role] for role in ROLES}

    def kept_database_roles(self) -> dict[Role, str]:
        """The passwords of database roles that are here, for a host that makes none. Raises: OSError."""
        path = self.folder / "database.json"
        kept = msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if path.exists() else {}
        return {role: kept[role] for role in ROLES if role in kept}

    @property
    def whatsapp_token(self) -> str:
        """Bearer token between us and the inbox twin."""
        return keep_text(self.whatsapp_token_file)

    @property
    def gateway_server_key(self) -> str:
        """Server key between us and the gateway twin."""
        return keep_text(self.gateway_server_key_file, "SB-Mid-server-")

    @property
    def payout_key(self) -> str:
        """Key between us and the payout twin."""
        return keep_text(self.payout_key_file, "IRIS-")

    @property
    def snap_client_secret(self) -> str:
        """Client secret between us and the BI-SNAP twin."""
        return keep_text(self.snap_client_secret_file)

    def make_snap_keys(self) -> None:
        """Makes the RSA keys with which we and the BI-SNAP twin ask each other for tokens."""
        keep_rsa_pair(self.snap_key_file, self.snap_public_key_file)
        keep_rsa_pair(self.snap_bank_key_file, self.snap_bank_public_key_file)

    @classmethod
    def of(cls, settings: Settings) -> Secrets:
        """Those that the settings name."""
        return cls(settings.data, secrets_folder(settings))

    @property
    def metrics_token(self) -> str:
        """Bearer token for reading the metrics. A change of the file counts at once."""
        return keep_text(self.metrics_token_file)

    @property
    def console_key(self) -> str:
        """Key of the console's forms. The console alone reads it."""
        return keep_text(self.console_key_file)

    def application(self) -> SecretFile:
        """Follows the secret of codes, cookies and links. Raises: as `read`."""
        self.read(self.folder / application_secret.FILE)
        return SecretFile(self.folder)

    def read(self, file: Path) -> str:
        """Reads a secret that was made with the installation, for a process that makes none.

        Raises: ValueError naming the file that is missing; OSError.
        """
        try:
            return file.read_text().strip()
        except FileNotFoundError:
            raise ValueError(
                f"METERAI_SECRETS_FOLDER: {file} is missing. Secrets are made with the installation, once: "
                "copy them from its first host (docs/several-hosts.md)"
            ) from None

    def make_day_close_key(self) -> None:
        """Makes the key that signs the statements of days, if it is missing. The day close alone reads it."""
        keep_ed25519_key(self.day_close_key_file)

    @property
    def probe_secret(self) -> str:
        """Secret between the site and the status page's probe, in development."""
        return keep_text(self.probe_secret_file)

    @property
    def line_key(self) -> str:
        """Secret of controllers and mirrors of all hosts, for lines over NATS."""
        return keep_text(self.folder / "line-key")

    @property
    def line_controller_key(self) -> str:
        """Secret of the controllers of all hosts, for lines over NATS."""
        return keep_text(self.folder / "line-controller-key")

    @property
    def hold_application(self) -> bool:
        """Whether a database was made before: this secret is made after it."""
        return (self.folder / application_secret.FILE).exists()

    @property
    def hold_database_roles(self) -> bool:
        """Whether passwords of the database roles were made, or brought here."""
        return (self.folder / "database.json").exists()

    def make_shared(self) -> None:
        """Makes the secrets that several processes use, so that no two of them make one at the same time.

        They are the secret of codes, cookies and links, and the token of metrics. The keys of the day
        close and of the console are made beside them: their own processes can't write here.
        """
        application_secret.make_first(self.folder)
        keep_text(self.metrics_token_file)
        self.make_day_close_key()
        _ = self.console_key
