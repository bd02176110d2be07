"""Every refusal that the product raises has words for people, and no words are left over."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from pathlib import Path

import meterai
from meterai.cli.refusal_texts import WORDS
from meterai.pdf import inspection
from meterai.pdf.view_dependent import Trait
from meterai.texts.api_problems import FOR_MACHINES
from meterai.texts.notices import NOTICES
from meterai.texts.queue.gate import PROBLEMS
from meterai.texts.reasons import REASONS
from meterai.texts.refusals import TABLE
from meterai.web.pages.messages import notice_text

SOURCE = Path(meterai.__file__).parent
SHOWN_ONLY = {
    # not raised by name: shown by pages themselves, or named by a variable
    "server.fault",
    "order.cancelled",  # place_order raises "order." + state
}
NO_JOBS = {"signer.request_unreadable"}
"""What the signer says to whoever asks for time stamps alone."""
MACHINES_ONLY = FOR_MACHINES.keys() - TABLE.keys()
LOGS_ONLY = {"audit.head_refused", "beacon.not_yet", "beacon.wrong"}


def raised_codes(*, kinds: Collection[str] = (), under: Sequence[str] = (".",)) -> dict[str, str]:
    """Code -> file, of every `Refusal(kind, "code")` of these kinds and every constant that names one."""
    found: dict[str, str] = {}
    for path in [path for folder in under for path in (SOURCE / folder).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if not (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refusal"
            ):
                continue
            if len(node.args) < 2 or (kinds and ast.unparse(node.args[0]) not in kinds):
                continue
            for part in ast.walk(node.args[1]):
                if (
                    isinstance(part, ast.Constant)
                    and isinstance(part.value, str)
                    and "." in part.value.rstrip(".")
                ):
                    found[part.value] = str(path.relative_to(SOURCE))
    return found


def test_every_code_that_is_raised_has_a_message() -> None:
    """The gate and the commands have words of their own: for who waits, for who runs the service."""
    known = TABLE.keys() | PROBLEMS.keys() | WORDS.keys() | MACHINES_ONLY | LOGS_ONLY
    assert {code: file for code, file in raised_codes().items() if code not in known} == {}


def test_no_message_is_left_over() -> None:
    tables = ("refusals.py", "refusal_texts.py")
    written = "\n".join(
        path.read_text() for path in SOURCE.rglob("*.py") if path.name not in tables
    ) + "\n".join(path.read_text() for path in SOURCE.rglob("*.html"))
    unused = [code for code in [*TABLE, *WORDS] if f'"{code}"' not in written and f"'{code}'" not in written]
    assert [code for code in unused if code not in SHOWN_ONLY] == []


def test_who_has_a_document_that_was_given_up_is_not_told_to_wait() -> None:
    """Refusals of these kinds end a document for good (`stamping/cycle/job_ends.py`)."""
    final = raised_codes(kinds=("Kind.INVALID", "Kind.CONFLICT"), under=("stamping", "pdf"))
    assert "seal.gap_mismatch" in final
    waiting = TABLE["signer.unavailable"].next
    told_to_wait = {code for code in final if code in TABLE and TABLE[code].next == waiting}
    assert told_to_wait - NO_JOBS == set()


def test_the_verifiers_reasons_do_not_contradict_the_table() -> None:
    assert all(reason.what and reason.next for reason in REASONS.values())


def test_every_notice_of_the_inspection_has_words_in_both_languages() -> None:
    source = ast.parse(Path(inspection.__file__).read_text())
    names = set(inspection.DANGEROUS_ACTIONS.values()) | set(inspection.DANGEROUS_ANNOTATIONS.values())
    for function in ast.walk(source):
        if isinstance(function, ast.FunctionDef) and function.name.endswith("_notices"):
            body = [node for statement in function.body for node in ast.walk(statement)]
            texts = [node.value for node in body if isinstance(node, ast.Constant)]
            names |= {text for text in texts if isinstance(text, str) and text.isidentifier()}
    names |= {trait.value for trait in Trait} | {"portfolio"}
    assert {f"pdf.notice.{name}" for name in names} == set(NOTICES)
    for code in NOTICES:
        assert notice_text(code, "id") != notice_text(code, "en")
