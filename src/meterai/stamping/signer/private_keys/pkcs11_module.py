"""A PKCS#11 module shared by several threads: loaded once, one login per token, restarted when lost.

python-pkcs11 starts a module with `C_Initialize(NULL)`, which promises to call it from one thread only
(PKCS #11 v3.1 clause 5.4.1). SoftHSM2 then switches its locks off. So this code starts the module with
CKF_OS_LOCKING_OK.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

import pkcs11
from pkcs11 import _pkcs11

from meterai.kit.secret_settings import CREDENTIALS

_OS_LOCKING_OK: Final = 2
_ALREADY_INITIALIZED: Final = 0x191
_RESTART_SECONDS_MAX: Final = 10.0


class Pin(NamedTuple):
    """A token's user PIN."""

    text: str
    version: tuple[int, int] | None = None
    """Changes with its file; None: not from a file."""


ReadPin = Callable[[], Pin]


class PinRefused(Exception):
    """The token refused the PIN, and another try might lock it.

    No key of the token tries again until the PIN's file changes. The token's last try is left to a person.
    """


def read_pin_file(path: Path) -> Pin:
    """Reads the PIN from a file that only its owner may read, or from a credential, which systemd guards.

    Raises: ValueError if others may read it; OSError.
    """
    found = path.stat()
    if found.st_mode & 0o077 and os.environ.get(CREDENTIALS) != str(path.parent):
        raise ValueError(f"the PIN's file {path.name} must have mode 0600")
    return Pin(path.read_text().strip(), (found.st_mtime_ns, found.st_ino))


class _Arguments(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("create", "destroy", "lock", "unlock")),
        ("flags", ctypes.c_ulong),
        ("reserved", ctypes.c_void_p),
    )


class Module:
    """A PKCS#11 module. `Module.at(path)` returns the one of this process."""

    _loaded: ClassVar[dict[str, Module]] = {}

    def __init__(self, path: Path) -> None:
        """Loads and starts the module. Raises: OSError when it can't be loaded, else pkcs11.PKCS11Error."""
        self.generation = 0
        """Grows with every restart."""
        self._functions = ctypes.CDLL(str(path))
        self._initialize()
        # Without its __init__, which would start the module in its own way.
        self._library = _pkcs11.lib.__new__(_pkcs11.lib, str(path))  # type: ignore[call-arg]
        self._logins: dict[str, pkcs11.Session] = {}
        self._logins_lost: dict[str, int] = {}
        self._refused_pins: dict[str, tuple[int, int]] = {}
        self._login_turn = threading.Lock()
        self._turn = threading.Condition()
        self._users = 0
        self._restarting = False

    @classmethod
    def at(cls, path: Path) -> Module:
        """Returns the module, loaded on first use."""
        if str(path) not in cls._loaded:
            cls._loaded[str(path)] = cls(path)
        return cls._loaded[str(path)]

    def state(self, token_label: str) -> tuple[int, int]:
        """Changes whenever sessions and handles on the token become void, by a restart or a lost login."""
        return self.generation, self._logins_lost.get(token_label, 0)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Prevents a restart of the module during the block."""
        with self._turn:
            self._turn.wait_for(lambda: not self._restarting)
            self._users += 1
        try:
            yield
        finally:
            with self._turn:
                self._users -= 1
                self._turn.notify_all()

    def open_session(self, token_label: str, read_pin: ReadPin) -> pkcs11.Session:
        """Opens a session on a token, logged in. Call it inside `in_use`.

        Raises: PinRefused, pkcs11.PKCS11Error (above all NoSuchToken).
        """
        token = self._library.get_token(token_label=token_label)
        with self._login_turn:
            if token_label not in self._logins:
                self._log_in(token, token_label, read_pin)
        return token.open()

    def log_out(self, token_label: str, state: tuple[int, int]) -> None:
        """Ends the login unless that was done since `state`. The next session logs in again."""
        with self._login_turn:
            if state != self.state(token_label):
                return
            session = self._logins.pop(token_label, None)
            if session is not None:
                with suppress(pkcs11.PKCS11Error):
                    session.close()
            self._logins_lost[token_label] = self._logins_lost.get(token_label, 0) + 1

    def restart(self, generation: int) -> None:
        """Restarts the module, to find a token again, unless that was done since `generation`.

        Raises: TimeoutError when a call hangs in it, pkcs11.PKCS11Error.
        """
        with self._turn:
            self._turn.wait_for(lambda: not self._restarting)
            if generation != self.generation:
                return
            self._restarting = True
            try:
                if not self._turn.wait_for(lambda: self._users == 0, _RESTART_SECONDS_MAX):
                    raise TimeoutError("a call hangs in the PKCS#11 module")
                self._logins.clear()
                self._functions.C_Finalize(None)
                self._initialize()
                self.generation += 1
            finally:
                self._restarting = False
                self._turn.notify_all()

    def _log_in(self, token: pkcs11.Token, token_label: str, read_pin: ReadPin) -> None:
        """Logs in.

        A login is valid for all sessions of this process with the token, so one session stays open.
        """
        pin = read_pin()
        if pin.version is not None and pin.version == self._refused_pins.get(token_label):
            raise PinRefused("the same PIN again")
        if token.flags & pkcs11.TokenFlag.USER_PIN_FINAL_TRY:
            raise PinRefused("a wrong PIN would lock the token now: log in with its own tool first")
        try:
            self._logins[token_label] = token.open(user_pin=pin.text)
        except pkcs11.UserAlreadyLoggedIn:
            self._logins[token_label] = token.open()
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinLocked) as error:
            if pin.version is not None:
                self._refused_pins[token_label] = pin.version
            raise PinRefused(type(error).__name__) from None

    def _initialize(self) -> None:
        code = self._functions.C_Initialize(ctypes.byref(_Arguments(flags=_OS_LOCKING_OK)))
        if code not in (0, _ALREADY_INITIALIZED):
            raise pkcs11.PKCS11Error(f"C_Initialize returned {code:#x}")
