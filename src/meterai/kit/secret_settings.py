"""Secret settings outside of the environment: in a file (`METERAI_X_FILE`) or as a systemd credential."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from meterai.kit import database_urls

CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"
"""What systemd calls the folder of a unit's credentials (systemd.exec(5))."""
STORE_KEY: Final = "AWS_SECRET_ACCESS_KEY"
SECRETS: Final = (
    *(f"METERAI_{name.upper()}" for name in database_urls.SETTINGS),
    "METERAI_GATEWAY_SERVER_KEY",
    "METERAI_SNAP_CLIENT_SECRET",
    "METERAI_SETTLEMENT_KEYS",
    "METERAI_PAYOUT_KEY",
    "METERAI_SMTP_URL",
    "METERAI_WHATSAPP_TOKEN",
    "METERAI_ADAPTER_GATEWAY_KEY",
    "METERAI_TSA_URL",
    "METERAI_AUDIT_HEAD",
    "METERAI_BACKUP_SIGNING_KEY",
    "METERAI_PROBE_SECRET",
    "METERAI_NATS_URL",
    "METERAI_LINE_KEY",
    "METERAI_LINE_CONTROLLER_KEY",
    STORE_KEY,
)
"""Variables that are a secret or may hold one, such as a password in an address."""
SECRET_FILES: Final = (
    "METERAI_TLS_KEY",
    "METERAI_SIGNER_TLS_KEY",
    "METERAI_SNAP_PRIVATE_KEY",
    "METERAI_PKCS11_PIN_FILE",
    "METERAI_NATS_CREDENTIALS",
)
"""Variables that name a file with a secret. A credential of the same name is such a file."""


def secret_of(variable: str, source: Mapping[str, str]) -> str:
    """The text of a secret: the variable's own, or that of its file or credential. Empty: it is not set.

    Raises: ValueError when it is set twice, or its file can't be used.
    """
    found = {name: path for name, path in _places(variable, source).items() if path is not None}
    given = [variable] * bool(source.get(variable)) + list(found)
    if len(given) > 1:
        raise ValueError(f"{given[0]}: it is set twice, also by {given[1]}. Remove one of them")
    return next((_read(name, path) for name, path in found.items()), source.get(variable, ""))


def file_of(variable: str, source: Mapping[str, str]) -> str:
    """The path of a secret that only files hold: the variable's own, or that of a credential.

    Raises: ValueError when both are there.
    """
    path = credential_of(variable, source)
    if path is not None and source.get(variable):
        raise ValueError(f"{variable}: it is set twice, also by a credential. Remove one of them")
    return str(path) if path is not None else source.get(variable, "")


def credential_of(variable: str, source: Mapping[str, str]) -> Path | None:
    """The file of the unit's credential with the name of this variable, if the unit has one."""
    folder = source.get(CREDENTIALS)
    path = Path(folder, variable) if folder else None
    return path if path is not None and path.exists() else None


def _places(variable: str, source: Mapping[str, str]) -> dict[str, Path | None]:
    """Where the secret may stand outside of the environment, by the name that a refusal uses."""
    named = source.get(f"{variable}_FILE")
    return {
        f"{variable}_FILE": Path(named) if named else None,
        f"the credential {variable}": credential_of(variable, source),
    }


def _read(name: str, path: Path) -> str:
    try:
        text = path.read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ValueError(f"{name}: {path} can't be read ({why})") from None
    if not text or "\n" in text:
        raise ValueError(f"{name}: {path} must hold the secret in one line, and nothing else")
    return text


def kept_elsewhere(source: Mapping[str, str]) -> dict[str, str]:
    """The secrets that stand in files (with their path) or credentials (empty), by their variable."""
    files = {name: source[f"{name}_FILE"] for name in SECRETS if source.get(f"{name}_FILE")}
    names = (*SECRETS, *SECRET_FILES)
    return files | {name: "" for name in names if credential_of(name, source) is not None}
