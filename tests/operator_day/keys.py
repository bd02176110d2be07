"""docs/keys.md with SoftHSM for the device and the day's authority: ceremony, rotation, emergency stop."""

from __future__ import annotations

import re
import time
from typing import Final

from tests.keys.runbook import steps_in, steps_of
from tests.operator_day.authorities import certify
from tests.operator_day.day import OFFICERS, Day
from tests.operator_day.pages import DOCS
from tests.operator_day.shell import Shell

_PAGE: Final = "keys.md"
_NOT_IN_PRODUCTION: Final = ("meterai demo", "python -m sandbox.")
_WAITS: Final = 4
"""Exit code of an act that waits for the second officer."""
_NOT_IN_NAMES: Final = "SPESIMEN "
"""Production takes no certificate with this word."""


def make_key(day: Day) -> None:
    """The token, its first key and the key's certificate; two officers register it, and it signs."""
    page = day.page(_PAGE)
    day.fetching.run(page.block("apt-get install softhsm2").filled())
    custodian = _custodian(day)
    walk(custodian, page.block("--init-token").text)
    walk(custodian, page.block("--key-type rsa:2048").text)
    _certify(day, custodian, "stamp-2026")
    _give_device_to_signer(day)
    walk(day.officer, page.block('keys add --place "pkcs11:token=meterai;object=stamp-2026').text)
    told = day.officer.run("meterai keys list")
    assert re.search(r"active .* ready", told), told


def rotate_key(day: Day) -> None:
    """A second key takes over; the first is retired, and never signs again."""
    page = day.page(_PAGE)
    block = page.block("--key-type EC:prime256v1").text
    made, _, used = block.partition("$ meterai keys add")
    custodian = _custodian(day)
    walk(custodian, made.partition("$ meterai keys request")[0])
    _certify(day, custodian, "stamp-2027")
    _give_device_to_signer(day)
    walk(day.officer, "$ meterai keys add" + used)
    day.officer.run(_command("KEY="))
    retired, _, rest = page.block("meterai keys retire").text.partition('$ meterai keys activate "$KEY"')
    walk(day.officer, retired)
    said = day.officer.run('meterai keys activate "$KEY" --sign-with ani', ends={1})
    assert "key.retired" in said, said
    assert rest, "the refusal stands in the document"
    told = day.officer.run("meterai keys list")
    assert len(re.findall(r"active .* ready", told)) == 1, told


def walk(shell: Shell, text: str) -> str:
    """Types the commands of a `console` block. Returns all that they print.

    The second officer signs the request that the first one's command has named.
    """
    printed = ""
    for step in steps_in(text):
        if any(word in step.command for word in _NOT_IN_PRODUCTION):
            continue
        command = step.command.replace(_NOT_IN_NAMES, "")
        if asked := re.findall(r"They run: meterai release sign (\d+)", printed):
            command = re.sub(r"release sign \d+", f"release sign {asked[-1]}", command)
        printed += shell.run(command, ends={_WAITS} if "--sign-with ani" in command else ())
    return printed


def _custodian(day: Day) -> Shell:
    """The shell of the person with the PINs."""
    shell = day.new_root_shell()
    shell.run("cd /root")
    shell.run(day.page(_PAGE).block("export METERAI_PKCS11_MODULE").filled())
    return shell


def _certify(day: Day, custodian: Shell, name: str) -> None:
    """The request goes to the authority, and its certificate to the officers."""
    walk(custodian, "$ " + _command(f"--out {name}.csr"))
    request = day.machine.run(f"cat /root/{name}.csr")
    day.machine.write(f"{OFFICERS}/{name}.pem", certify(day.world.pki, request.encode()).decode())
    day.machine.run(f"chown meterai-operator {OFFICERS}/{name}.pem")


def _command(words: str) -> str:
    """The first command of the page that says `words`."""
    return next(step.command for step in steps_of((DOCS / _PAGE).read_text()) if words in step.command)


def _give_device_to_signer(day: Day) -> None:
    """What the token's module writes belongs to the signer's user."""
    day.root.run(day.page(_PAGE).block("chown -R meterai-signer").filled())
    time.sleep(2)
