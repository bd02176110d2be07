"""The command `meterai-partner`: stamp a folder, verify files, listen to events."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, get_args

from meterai_sdk.cli.receiver import Receiver
from meterai_sdk.cli.stamp_folder import Outcome, Wanted, stamp_folder
from meterai_sdk.client import Meterai
from meterai_sdk.problems import MeteraiError, ServerFault, TooMany, Unreachable
from meterai_sdk.shapes import Event, Position, WantedPlace

_GENUINE = ("ASLI", "ASLI_WITH_ADDITIONS")
_SECRET_VARIABLE = "METERAI_WEBHOOK_SECRET"  # noqa: S105  a name


def main(words: Sequence[str] | None = None) -> int:
    """Runs the command. 0: all is well; 1: a file was refused or is not genuine, or the API failed."""
    given = _parser().parse_args(words)
    try:
        return int(given.run(given))
    except MeteraiError as error:
        print(f"meterai-partner: {error}", file=sys.stderr)
    except KeyError as error:
        print(f"meterai-partner: set {error.args[0]} (see the README)", file=sys.stderr)
    except (OSError, ValueError) as error:
        print(f"meterai-partner: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="meterai-partner", description="Stamps documents by the Meterai API."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    stamp = commands.add_parser("stamp", help="stamp all PDFs of a folder")
    stamp.add_argument("folder", type=Path)
    stamp.add_argument("--into", type=Path, required=True, help="folder for the stamped files")
    where = stamp.add_mutually_exclusive_group()
    where.add_argument("--position", choices=get_args(Position), help="where on the last page")
    where.add_argument("--keyword", help="below the last place with this text")
    stamp.add_argument("--facts", type=Path, metavar="FILE", help="JSON: what a collector reports of files")
    stamp.add_argument("--again", action="store_true", help="also files that carry a stamp already")
    stamp.set_defaults(run=_stamp)

    verify = commands.add_parser("verify", help="ask whether files are genuine; needs METERAI_API_URL only")
    verify.add_argument("files", type=Path, nargs="+", metavar="FILE")
    verify.set_defaults(run=_verify)

    listen = commands.add_parser("listen", help="print events as they happen, as lines of JSON")
    listen.add_argument("--port", type=int, default=8787, help="where webhooks come in (8787)")
    listen.add_argument(
        "--secret", action="append", help=f"of the webhook: whsec_... or whpk_...; else {_SECRET_VARIABLE}"
    )
    listen.add_argument("--poll", action="store_true", help="ask for events; no webhook is needed")
    listen.add_argument("--after", metavar="EVENT", help="with --poll: the last event that you had")
    listen.add_argument("--every", type=float, default=5, metavar="SECONDS", help="with --poll (5)")
    listen.set_defaults(run=_listen)
    return parser


def _stamp(given: argparse.Namespace) -> int:
    refused = 0
    facts = json.loads(given.facts.read_text()) if given.facts else {}
    wanted = Wanted(places=_places(given), facts=facts, again=given.again)
    with Meterai.from_environment() as client:
        for outcome in stamp_folder(client, given.folder, given.into, wanted=wanted):
            refused += bool(outcome.trouble)
            print(_told(outcome), flush=True)
    return 1 if refused else 0


def _places(given: argparse.Namespace) -> list[WantedPlace] | None:
    if given.keyword:
        return [{"by": "keyword", "keyword": given.keyword, "side": "below"}]
    return [{"by": "position", "position": given.position}] if given.position else None


def _told(outcome: Outcome) -> str:
    state = outcome.trouble or ("already there" if outcome.was_there else ", ".join(outcome.serials))
    return f"{outcome.file.name}\t{'refused' if outcome.trouble else 'stamped'}\t{state}"


def _verify(given: argparse.Namespace) -> int:
    are_genuine = True
    with Meterai(os.environ["METERAI_API_URL"]) as client:
        for file in given.files:
            judged = client.verification.judge(file)
            serials = ", ".join(stamp["serial"] for stamp in judged["stamps"])
            print(f"{file}\t{judged['verdict']}\t{serials}", flush=True)
            are_genuine = are_genuine and judged["verdict"] in _GENUINE
    return 0 if are_genuine else 1


def _listen(given: argparse.Namespace) -> int:
    if given.poll:
        _poll(given.after, given.every)
    receiver = Receiver(given.port, given.secret or [os.environ[_SECRET_VARIABLE]], _print)
    print(f"listening at {receiver.url}", file=sys.stderr, flush=True)
    with receiver:
        receiver.serve_forever()
    return 0


def _poll(after: str | None, every_s: float) -> NoReturn:
    """Prints events without an end, also when the API is away for a while."""
    with Meterai.from_environment() as client:
        while True:
            try:
                for event in client.events.follow(after=after, every_s=every_s):
                    _print(event)
                    after = event["id"]
            except (ServerFault, TooMany, Unreachable) as error:
                print(f"meterai-partner: {error}; asking again", file=sys.stderr, flush=True)


def _print(event: Event) -> None:
    print(json.dumps(event), flush=True)


if __name__ == "__main__":
    sys.exit(main())
