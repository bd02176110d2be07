"""Signs and verifies with OpenSSH's `ssh-keygen -Y`."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from meterai.kernel.refusals import Kind, Refusal

NAMESPACE: Final = "meterai"
"""A signature for something else, such as a git commit, is none of an act."""
_SECONDS_MAX: Final = 30
_ASKS_SECONDS_MAX: Final = 300
"""While a person types a passphrase or touches a token."""
_END: Final = "-----END SSH SIGNATURE-----"


def signer_of(text: str, signature: str, keys: Sequence[str]) -> str | None:
    """Returns the key of `keys` that signed exactly `text`. None: none of them did.

    Raises: Refusal UNAVAILABLE `officer.no_ssh_keygen`.
    """
    with tempfile.TemporaryDirectory(prefix="meterai-") as folder:
        allowed, signed = Path(folder, "allowed_signers"), Path(folder, "signature")
        allowed.write_text("".join(f'key-{n} namespaces="{NAMESPACE}" {key}\n' for n, key in enumerate(keys)))
        signed.write_text(signature)
        files = ("-f", str(allowed), "-s", str(signed))
        found = _run("find-principals", *files)
        name = found.stdout.partition(b"\n")[0].decode().strip()
        if found.returncode or not name.startswith("key-"):
            return None
        checked = _run("verify", "-I", name, "-n", NAMESPACE, *files, given=text.encode())
        return keys[int(name.removeprefix("key-"))] if checked.returncode == 0 else None


def sign(text: str, key: Path) -> str:
    """Signs `text` with a private key, or with the agent's key whose public part is `key`.

    Raises: Refusal INVALID `officer.not_signed`; UNAVAILABLE `officer.no_ssh_keygen`.
    """
    done = _run("sign", "-n", NAMESPACE, "-f", str(key), given=text.encode(), seconds=_ASKS_SECONDS_MAX)
    signature = done.stdout.decode(errors="replace")
    if done.returncode or _END not in signature:
        reason = done.stderr.decode(errors="replace").strip()[-200:]
        raise Refusal(Kind.INVALID, "officer.not_signed", key=str(key), reason=reason)
    return signature


def _run(
    what: str, *words: str, given: bytes = b"", seconds: float = _SECONDS_MAX
) -> subprocess.CompletedProcess[bytes]:
    command = ["ssh-keygen", "-Y", what, *words]
    try:
        return subprocess.run(command, input=given, capture_output=True, timeout=seconds, check=False)
    except FileNotFoundError:
        raise Refusal(Kind.UNAVAILABLE, "officer.no_ssh_keygen") from None
    except subprocess.TimeoutExpired:
        raise Refusal(Kind.INVALID, "officer.not_signed", key="", reason="ssh-keygen did not end") from None
