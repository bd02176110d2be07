"""The command `meterai`. Each command's module is imported only when it runs, so that `--help` is quick."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Annotated, Any, Final

import typer

from meterai.cli.exit_codes import NO_VERDICT, Judged
from meterai.kernel.refusals import Refusal


@dataclass(frozen=True, slots=True)
class _Entry:
    module: str
    function: str
    summary: str
    judges: bool = False
    """Whether its exit code is a verdict, or the outcome of the work that it was given."""


COMMANDS: Final = {
    "up": _Entry("meterai.cli.up", "up", "Start the whole service and keep it running."),
    "install": _Entry(
        "meterai.cli.install",
        "install",
        "Prepare the units: secrets, schema, owners of files.",
    ),
    "demo": _Entry("meterai.cli.tools.demo", "demo", "Walk an applicant's whole path with your PDFs."),
    "demo partner": _Entry(
        "meterai.cli.tools.demo_partner", "demo_partner", "Spend a partner's first day in the sandbox."
    ),
    "demo wire": _Entry(
        "meterai.cli.tools.demo_wire", "demo_wire", "Stamp as an existing client of the wire does."
    ),
    "stamp": _Entry(
        "meterai.cli.stamp.command",
        "stamp",
        "Stamp a folder or ZIP of PDFs from a customer's quota.",
        judges=True,
    ),
    "verify": _Entry("meterai.cli.tools.verify", "verify", "Judge a stamped PDF, offline.", judges=True),
    "run": _Entry("meterai.cli.run_role", "run", "Run one process of the service, on any host."),
    "verifier": _Entry(
        "meterai.cli.tools.verifier", "verifier", "Serve verification alone, without any secret."
    ),
    "adapter": _Entry(
        "meterai.cli.tools.adapter", "adapter", "Stamp documents at a partner's premises, by the wire."
    ),
    "check": _Entry(
        "meterai.cli.operator.check", "check", "Check the invariants of a running service.", judges=True
    ),
    "books": _Entry(
        "meterai.cli.operator.books", "books", "Show what was booked between two business dates."
    ),
    "day close": _Entry("meterai.cli.operator.day", "close_day", "Close days that are over, and sign them."),
    "reconcile": _Entry(
        "meterai.cli.operator.reconcile",
        "reconcile",
        "Compare payments with the gateway's own list.",
        judges=True,
    ),
    "reconcile report": _Entry(
        "meterai.cli.operator.reconcile_files", "read_report", "Take in a gateway's settlement report."
    ),
    "reconcile statement": _Entry(
        "meterai.cli.operator.reconcile_files", "read_statement", "Take in a statement of our bank account."
    ),
    "reconcile differences": _Entry(
        "meterai.cli.operator.reconcile_files",
        "show_differences",
        "Show where gateways, bank and books differ.",
        judges=True,
    ),
    "reconcile explain": _Entry(
        "meterai.cli.operator.reconcile_files", "explain", "Say what a line of the bank is for."
    ),
    "plan": _Entry("meterai.cli.tools.plan", "plan", "Simulate a season: waits, who is left, what it takes."),
    "rehearse": _Entry(
        "meterai.cli.tools.rehearse", "rehearse", "Play a crowd while parts of the service fail."
    ),
    "db migrate": _Entry(
        "meterai.cli.operator.db", "migrate_database", "Bring the database to the newest schema."
    ),
    "issue-quota": _Entry(
        "meterai.cli.operator.issue_quota", "issue_quota", "Record a deposit and issue stock."
    ),
    "event list": _Entry("meterai.cli.operator.events", "list_events", "Show the events on offer."),
    "event show": _Entry("meterai.cli.operator.events", "show_event", "Show an event as it is in force."),
    "event open": _Entry("meterai.cli.operator.events", "open_event", "Offer a new event."),
    "event change": _Entry("meterai.cli.operator.events", "change_event", "Change an event."),
    "event close": _Entry("meterai.cli.operator.events", "close_event", "End an event and its line."),
    "event follow-file": _Entry(
        "meterai.cli.operator.events", "follow_file", "Let the events file say again what an event is."
    ),
    "prices list": _Entry(
        "meterai.cli.operator.prices", "list_prices", "Show the service fee: what it was, is and will be."
    ),
    "prices set": _Entry("meterai.cli.operator.prices", "set_price", "Set the service fee from a day on."),
    "partner list": _Entry(
        "meterai.cli.operator.partner", "list_partners", "Show the organisations and what each has."
    ),
    "partner show": _Entry(
        "meterai.cli.operator.partner", "show_partner", "Show stock, money and members of one."
    ),
    "partner dues": _Entry(
        "meterai.cli.operator.partner_dues",
        "show_dues",
        "Show what one owes, by tax period.",
        judges=True,
    ),
    "partner add": _Entry("meterai.cli.operator.partner", "add_partner", "Add an organisation."),
    "partner state": _Entry(
        "meterai.cli.operator.partner", "set_partner_state", "Suspend, resume or close an organisation."
    ),
    "partner member": _Entry(
        "meterai.cli.operator.partner", "set_partner_member", "Say who acts for an organisation."
    ),
    "partner deposit": _Entry(
        "meterai.cli.operator.partner_stamps", "record_deposit", "Record a deposit at the treasury."
    ),
    "partner agree": _Entry(
        "meterai.cli.operator.partner_stamps", "agree", "Agree on price, limits and credit."
    ),
    "partner pay": _Entry(
        "meterai.cli.operator.partner_stamps", "record_payment", "Record what an organisation paid."
    ),
    "partner block": _Entry(
        "meterai.cli.operator.partner_stamps", "pass_on", "Pass stamps on to an organisation."
    ),
    "partner return": _Entry(
        "meterai.cli.operator.partner_stamps", "return_pieces", "Take stamps of a block back."
    ),
    "partner serials": _Entry(
        "meterai.cli.operator.partner_serials", "list_serials", "List serial numbers that were taken only."
    ),
    "partner return-serials": _Entry(
        "meterai.cli.operator.partner_serials", "return_taken", "Give such serial numbers back to the stock."
    ),
    "purge": _Entry(
        "meterai.cli.operator.purge", "purge_now", "Delete now what the clean-up would delete next."
    ),
    "history": _Entry("meterai.cli.operator.history", "show_history", "Show who did what: the audit trail."),
    "erase": _Entry("meterai.cli.operator.erase", "erase", "Erase a person's values in the audit trail."),
    "person export": _Entry(
        "meterai.cli.operator.person", "export", "Write all that we hold of a person into a folder."
    ),
    "person erase": _Entry(
        "meterai.cli.operator.person", "erase", "Erase a person; the books keep sums under a number."
    ),
    "officers list": _Entry(
        "meterai.cli.operator.officers", "list_officers", "Show who may sign, with roles and keys."
    ),
    "officers invite": _Entry(
        "meterai.cli.operator.officers",
        "invite_officer",
        "Print a link with which an officer signs in first.",
    ),
    "officers record": _Entry(
        "meterai.cli.operator.officers", "record_officers", "Make the database know the officers file."
    ),
    "release list": _Entry(
        "meterai.cli.operator.release", "list_requests", "Show the acts that wait for a signature."
    ),
    "release show": _Entry("meterai.cli.operator.release", "show_request", "Show what a request is for."),
    "release sign": _Entry(
        "meterai.cli.operator.release", "sign_request", "Sign a request; the last signature carries it out."
    ),
    "release withdraw": _Entry(
        "meterai.cli.operator.release", "withdraw_request", "Withdraw a request that is not released."
    ),
    "secrets rotate": _Entry(
        "meterai.cli.operator.secrets",
        "rotate_secret",
        "Make a new secret. The one before stays good.",
    ),
    "keys list": _Entry("meterai.cli.operator.keys", "list_keys", "Show the signing keys."),
    "keys code": _Entry("meterai.cli.operator.keys", "make_code_key", "Make the key of the 2-D code, once."),
    "keys request": _Entry(
        "meterai.cli.operator.keys", "request_certificate", "Write a certificate request."
    ),
    "keys add": _Entry("meterai.cli.operator.keys", "add_key", "Register a key ahead of its use."),
    "keys activate": _Entry("meterai.cli.operator.keys", "activate_key", "Sign with a key from now on."),
    "keys retire": _Entry("meterai.cli.operator.keys", "retire_key", "Never sign with a key again."),
    "keys serials": _Entry(
        "meterai.cli.operator.keys", "list_serials", "Print the serials that a key sealed."
    ),
    "keys history": _Entry("meterai.cli.operator.keys", "show_history", "Show who did what to the keys."),
    "archive renew": _Entry(
        "meterai.cli.operator.archive", "renew_archive", "Raise and renew the proof of files."
    ),
    "queue audit": _Entry(
        "meterai.cli.tools.queue_audit", "queue_audit", "Replay the public log of a queue.", judges=True
    ),
    "stop-signing": _Entry("meterai.cli.operator.stop_signing", "stop_signing", "Stop every new signature."),
    "resume-signing": _Entry(
        "meterai.cli.operator.stop_signing", "resume_signing", "Release the stop switch."
    ),
    "queue status": _Entry("meterai.cli.operator.queue", "show_status", "Show the queues as they stand."),
    "queue on": _Entry("meterai.cli.operator.queue", "turn_on", "Let people wait in line from now on."),
    "queue off": _Entry("meterai.cli.operator.queue", "turn_off", "Ask nobody for a place any more."),
    "queue halt": _Entry(
        "meterai.cli.operator.queue", "halt", "Hold everybody in line; nobody loses a place."
    ),
    "queue resume": _Entry("meterai.cli.operator.queue", "resume", "Call people again."),
    "queue cap": _Entry("meterai.cli.operator.queue", "cap", "Call at most so many people a minute."),
    "queue expect": _Entry(
        "meterai.cli.operator.queue", "expect", "Begin with the rate that the site has borne."
    ),
    "queue announce": _Entry("meterai.cli.operator.queue", "announce", "Say something on every wait page."),
    "refunds list": _Entry(
        "meterai.cli.operator.refunds", "list_refunds", "Show refunds that wait for an officer."
    ),
    "refunds end": _Entry("meterai.cli.operator.refunds", "end_refund", "Book a refund as paid that was."),
    "refunds again": _Entry(
        "meterai.cli.operator.refunds", "order_payout_again", "Order a payout again that never went out."
    ),
    "refunds give": _Entry(
        "meterai.cli.operator.refunds", "give_refund", "Give unused stamps back by the decision of two."
    ),
    "order retry": _Entry(
        "meterai.cli.operator.orders", "retry_stamping", "Try the stamping of a paid order again now."
    ),
    "order ask": _Entry(
        "meterai.cli.operator.orders", "ask_gateway", "Ask the gateway again about an order's payments."
    ),
    "order cancel": _Entry(
        "meterai.cli.operator.orders", "cancel_order", "Cancel an order that is not paid."
    ),
    "order send-link": _Entry(
        "meterai.cli.operator.orders", "send_link", "Send the link of an order to its own contact."
    ),
    "order change-contact": _Entry(
        "meterai.cli.operator.orders", "change_contact", "Move a paid order to another contact, after proof."
    ),
    "cases list": _Entry("meterai.cli.operator.cases", "list_cases", "Show the complaints that wait."),
    "cases show": _Entry("meterai.cli.operator.cases", "show_case", "Show a complaint and its answers."),
    "cases answer": _Entry("meterai.cli.operator.cases", "answer_case", "Answer a complaint by message."),
    "cases close": _Entry("meterai.cli.operator.cases", "close_case", "Close a complaint."),
    "incident list": _Entry("meterai.cli.operator.news", "list_incidents", "Show open incidents."),
    "incident declare": _Entry(
        "meterai.cli.operator.news", "declare", "Tell people everywhere of a trouble."
    ),
    "incident update": _Entry("meterai.cli.operator.news", "update", "Add an update to an incident."),
    "incident resolve": _Entry("meterai.cli.operator.news", "resolve", "Say that an incident is over."),
    "incident messages": _Entry(
        "meterai.cli.operator.incident_ends", "show_messages", "Show what became of an incident's messages."
    ),
    "incident apology": _Entry(
        "meterai.cli.operator.incident_ends", "apologise", "Publish the apology after an incident."
    ),
    "incident message": _Entry(
        "meterai.cli.operator.news", "message", "Send a message to the customers of an incident."
    ),
    "announcement list": _Entry("meterai.cli.operator.news", "list_announcements", "Show the announcements."),
    "announcement add": _Entry("meterai.cli.operator.news", "add", "Tell an audience something for a time."),
    "announcement end": _Entry("meterai.cli.operator.news", "end", "Take an announcement away now."),
    "client list": _Entry(
        "meterai.cli.operator.clients", "list_clients", "Show an organisation's clients of the API."
    ),
    "client add": _Entry(
        "meterai.cli.operator.clients", "add_client", "Register a client of the API with its first key."
    ),
    "client change": _Entry(
        "meterai.cli.operator.clients", "change_client", "Change what a client may do, and from where."
    ),
    "client revoke": _Entry("meterai.cli.operator.clients", "revoke_client", "End a client for good."),
    "client add-key": _Entry("meterai.cli.operator.clients", "add_key", "Give a client a further key."),
    "client end-key": _Entry("meterai.cli.operator.clients", "end_key", "End a key, now or at a time."),
    "client wire": _Entry(
        "meterai.cli.operator.client_logins", "switch_wire", "Switch access by user name and password."
    ),
    "client login": _Entry(
        "meterai.cli.operator.client_logins", "add_login", "Give a client a user name and a password."
    ),
    "client end-login": _Entry("meterai.cli.operator.client_logins", "end_login", "End a login for good."),
    "backup-key": _Entry("meterai.cli.copies.backup_key", "backup_key", "Make the keys of backups."),
    "backup": _Entry("meterai.cli.copies.backup", "backup", "Copy all that must not be lost, while it runs."),
    "follow": _Entry(
        "meterai.cli.copies.follow", "follow", "Copy new files and queues within seconds, for recovery."
    ),
    "restore": _Entry("meterai.cli.copies.restore", "restore", "Put a copy back, and settle what is lost."),
    "config": _Entry("meterai.cli.tools.config", "config", "Show every setting."),
}
_NOT_BEGUN: Final = frozenset(
    {
        "service.not_running",
        "service.newer",
        "queue.in_production",
        "queue.another_crowd",
        "queue.not_the_crowds",
    }
)
"""Refusals because something is missing that the command needs before it can begin."""
_GROUPS: Final = {
    "announcement": "What people read for a time: everybody, an event, a line or partners (docs/news.md).",
    "archive": "Released files through the years.",
    "cases": "Complaints and questions of people.",
    "client": "Clients of the API: programs of partners, and their keys (docs/partners.md).",
    "day": "Business dates: closing them (docs/day-close.md).",
    "db": "The database.",
    "event": "Events that officers open, change and close (docs/waiting-room.md).",
    "incident": "Troubles that people read of everywhere, with updates (docs/news.md).",
    "keys": "Signing keys.",
    "officers": "Officers: their roles and their SSH keys.",
    "order": "The order of somebody who asks for help (docs/on-duty.md).",
    "partner": "Organisations of the chain of sale: agreements, stamps, money, members.",
    "prices": "The service fee of a stamp, from a date on (docs/money.md).",
    "person": "Requests of people about their personal data.",
    "queue": "The waiting room in front of an event.",
    "release": "Acts that wait for a second officer.",
    "secrets": "Secrets of the service, and how they rotate.",
    "refunds": "Refunds that officers look into or decide (docs/money.md).",
}


def main() -> None:
    """Runs the command line; ends the process with its exit status."""
    words = [word for word in _typed_words() if not word.startswith("-")]
    wanted = next((name for name in (" ".join(words[:2]), *words[:1]) if name in COMMANDS), None)
    _show_what_can_be_shown()
    try:
        _run(wanted)
    except BaseException as error:
        if wanted is None or not COMMANDS[wanted].judges or isinstance(error, Judged):
            raise
        if isinstance(error, SystemExit) and error.code != 1:
            raise
        if not isinstance(error, SystemExit):
            traceback.print_exception(error)
        raise SystemExit(NO_VERDICT) from None


def _typed_words() -> list[str]:
    """The words after `meterai`, of this call or of the line that a shell wants to complete.

    The shell passes the line in COMP_WORDS (bash) or _TYPER_COMPLETE_ARGS (others), as Typer asks it to.
    """
    if "_METERAI_COMPLETE" not in os.environ:
        return sys.argv[1:]
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
    return line.split()[1:]


def _run(wanted: str | None) -> None:
    _set_default_data()
    try:
        with _ended_by_ctrl_c():
            if wanted is not None:
                _warn_on_stderr()
            build(wanted)(prog_name="meterai")
    except Exception as error:
        if not (text := message_of(error)):
            raise
        print(text, file=sys.stderr)
        refused = isinstance(error, Refusal) and error.code not in _NOT_BEGUN
        raise SystemExit(1 if refused or _is_of_settings(error) else 2) from None


def message_of(error: Exception) -> str:
    """The message for an error; empty for a bug, whose traceback is wanted."""
    if isinstance(error, Refusal):
        from meterai.cli.refusal_texts import refusal_text

        return refusal_text(error.code, error.facts)
    if _is_of_settings(error):
        return str(error)
    from meterai.cli.outage_messages import outage_message

    return outage_message(error)


def _is_of_settings(error: Exception) -> bool:
    return isinstance(error, ValueError) and str(error).startswith("METERAI_")


@contextlib.contextmanager
def _ended_by_ctrl_c() -> Iterator[None]:
    """Lets Ctrl-C end the process at once, without an exception, until the command itself runs.

    There is nothing to clean up before that. A KeyboardInterrupt within an import may be swallowed, and the
    command would go on. Reading arguments imports, too.
    """
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        if usual is signal.default_int_handler:
            signal.signal(signal.SIGINT, usual)


def _interrupted_by_ctrl_c[**P, R](command: Callable[P, R]) -> Callable[P, R]:
    """Restores KeyboardInterrupt while the command runs."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return command(*args, **kwargs)

    return run


def build(wanted: str | None) -> typer.Typer:
    """Builds the application. Imports `wanted`; all other commands have only their summary."""
    app = typer.Typer(
        help="e-Meterai: sale, stamping and verification of electronic revenue stamps.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.callback()(_options)
    groups: dict[str, typer.Typer] = {}
    for group, summary in _GROUPS.items():
        groups[group] = typer.Typer(help=summary, no_args_is_help=True)
        app.add_typer(groups[group], name=group)
    for name, entry in COMMANDS.items():
        group, _, last = name.rpartition(" ")
        if not _is_built(name, group, wanted):
            continue
        if group in COMMANDS:
            groups[group] = typer.Typer(help=COMMANDS[group].summary)
            app.add_typer(groups[group], name=group)
        target = groups[group] if group else app
        function = _load(entry) if name == wanted else _placeholder
        target.command(last, help=None if name == wanted else entry.summary)(function)
    return app


def _is_built(name: str, group: str, wanted: str | None) -> bool:
    """Whether a command is part of the application. `demo FILE` and `demo partner` can't both be: a name is a
    command or a group, so the second is there when it is called.
    """
    if group in COMMANDS:
        return name == wanted
    return wanted is None or not (name in COMMANDS and wanted.startswith(f"{name} "))


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"meterai {version('meterai')}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """The options of `meterai` itself."""


def _load(entry: _Entry) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(importlib.import_module(entry.module), entry.function)
    return _interrupted_by_ctrl_c(function)


def _placeholder() -> None:
    raise AssertionError("this command was not imported")


def _show_what_can_be_shown() -> None:
    """Replaces characters that the terminal's encoding lacks, instead of failing."""
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="replace")


def _warn_on_stderr() -> None:
    """Sends logs to stderr: stdout is for the answer of a command, often one JSON object."""
    from meterai.kit.logging import set_up_logging

    set_up_logging("WARNING")


def _set_default_data() -> None:
    """Makes the default data directory of every command that of `up`."""
    from meterai.kit.installation import default_data

    if not os.environ.get("METERAI_DATA"):  # an empty setting counts as missing
        os.environ["METERAI_DATA"] = str(default_data())
