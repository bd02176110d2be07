"""A shell on the machine, into which the day types the commands of the documents, as an operator does."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Final

from tests.booted_machine import clean_environment

_DONE: Final = "--- done"
_SECONDS: Final = 900


class CommandFailed(Exception):
    """A command ended with another exit code than expected."""


class Shell:
    """One bash: variables, folder and user of one command hold for the next. `log` gets everything."""

    def __init__(self, words: Sequence[str], log: Path) -> None:
        """`words`: what runs `bash` there."""
        self._log = log
        self._bash = subprocess.Popen(
            [*words, "bash"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**clean_environment(), "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"},
        )
        self._type(_PREPARED)

    def become(self, opener: str) -> None:
        """Goes on in the shell that this command opens, as another user for example."""
        self._write_log(f"$ {opener}\n")
        self._type(opener)
        self._type(_PREPARED)

    def run(self, commands: str, *, ends: Container[int] = ()) -> str:
        """Types commands. Returns what they print, errors included.

        `ends`: exit codes beside 0 that a command may end with. Raises: CommandFailed.
        """
        self._write_log("".join(f"$ {line}\n" for line in commands.strip().splitlines()))
        self._type(f'__codes=\n{{\n{commands.strip()}\n}} </dev/null\necho "{_DONE} $__codes"')
        output, codes = self._read()
        self._write_log(output)
        wrong = [code for code in codes if code not in ends]
        if wrong:
            raise CommandFailed(f"exit code {wrong[0]}:\n{commands.strip()}\n\n{output[-4000:]}")
        return output

    def close(self) -> None:
        """Ends it."""
        self._bash.kill()
        self._bash.wait()

    def _type(self, text: str) -> None:
        assert self._bash.stdin is not None
        self._bash.stdin.write(text + "\n")
        self._bash.stdin.flush()

    def _read(self) -> tuple[str, list[int]]:
        assert self._bash.stdout is not None
        timer = threading.Timer(_SECONDS, self._bash.kill)
        timer.start()
        lines = []
        try:
            for line in self._bash.stdout:
                if found := re.search(rf"{_DONE} ([\d ]*)$", line):
                    lines.append(line[: found.start()])
                    return "".join(lines), [int(code) for code in found[1].split()]
                lines.append(line)
        finally:
            timer.cancel()
        raise CommandFailed("the shell ended:\n" + "".join(lines)[-4000:])

    def _write_log(self, text: str) -> None:
        with self._log.open("a") as log:
            log.write(text)


_PREPARED: Final = """set -o pipefail; set +m; trap '__codes="$__codes $?"' ERR"""
