"""Runs the commands of the `console` blocks in docs/keys.md in one shell. Returns their output.

`python -m tests.keys.runbook FOLDER < docs/keys.md` prints the document with the true output put in, for
people who edit it. The environment names the service and the HSM, as the document's first section says.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_DONE = "--- done"
_VARYING = (
    (r"\b[0-9a-f]{16}\b", "<id>"),
    (r"slot \d+", "slot <number>"),
    (r"serial=[0-9a-f]+", "serial=<id>"),
    (r"\d{4}-\d\d-\d\d", "<date>"),
    (r"\d\d:\d\d:\d\d(\.\d+)?(\+00:00)?", "<time>"),
    (r"<date>T<time>", "<date> <time>"),
    (r"used [\d,]+ times", "used <number> times"),
    (r"after \d+\.\d s", "after <seconds> s"),
    (r"(?m)^<date> <time> \w+ ", "<date> <time> <operator> "),
)


@dataclass(frozen=True)
class Step:
    """A command and what the document says it prints."""

    command: str
    output: str


def steps_of(document: str) -> list[Step]:
    """Every command of every `console` block, in order."""
    blocks = re.findall(r"^```console\n(.*?)^```", document, re.M | re.S)
    return [step for block in blocks for step in steps_in(block)]


def steps_in(block: str) -> Iterator[Step]:
    """The commands of one block's text."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        lines = part.splitlines()
        end = next(n for n, line in enumerate(lines) if not line.endswith("\\"))
        yield Step("\n".join(lines[: end + 1]), "\n".join(lines[end + 1 :]).strip())


def walk(steps: Sequence[Step], folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Runs the commands one after the other in `folder`. Returns what each printed, errors included."""
    script = "\n".join(f"{step.command}\necho '{_DONE}'" for step in steps)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", f"exec 2>&1 </dev/null\n{script}"],
        cwd=folder,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )
    return [part.strip() for part in done.stdout.split(_DONE)[: len(steps)]]


def same(text: str) -> str:
    """A text without the parts that differ from run to run."""
    for pattern, word in _VARYING:
        text = re.sub(pattern, word, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


def filled(document: str, outputs: Sequence[str]) -> str:
    """The document with these outputs instead of its own."""
    answers = iter(outputs)

    def block(match: re.Match[str]) -> str:
        parts = []
        for step in steps_in(match[1]):
            answer = next(answers)
            parts.append(f"$ {step.command}\n" + (f"{answer}\n" if answer else ""))
        return "```console\n" + "".join(parts) + "```"

    return re.sub(r"^```console\n(.*?)^```", block, document, flags=re.M | re.S)


if __name__ == "__main__":
    text = sys.stdin.read()
    sys.stdout.write(filled(text, walk(steps_of(text), Path(sys.argv[1]), {})))
