"""The command `meterai-partner`: verify files, listen to webhooks."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from meterai_sdk.cli.receiver import Receiver
from meterai_sdk.client import Meterai
from meterai_sdk.problems import MeteraiError

_GENUINE = ("ASLI", "ASLI_WITH_ADDITIONS")


def main(words: Sequence[str] | None = None) -> int:
    """Runs the command. 0: all is well; 1: a file is not genuine, or the API failed."""
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
    parser = argparse.ArgumentParser(prog="meterai-partner", description="Uses the Meterai API.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    verify = commands.add_parser("verify", help="ask whether files are genuine; needs METERAI_API_URL only")
    verify.add_argument("files", type=Path, nargs="+", metavar="FILE")
    verify.set_defaults(run=_verify)

    listen = commands.add_parser("listen", help="receive webhooks on this machine and print them")
    listen.add_argument("--port", type=int, default=8787)
    listen.add_argument(
        "--secret", action="append", required=True, help="of the endpoint: whsec_... or whpk_..."
    )
    listen.set_defaults(run=_listen)
    return parser


def _verify(given: argparse.Namespace) -> int:
    with Meterai(os.environ["METERAI_API_URL"]) as client:
        verdicts = [(file, client.verification.judge(file)) for file in given.files]
    for file, judged in verdicts:
        serials = ", ".join(stamp["serial"] for stamp in judged["stamps"])
        print(f"{file}\t{judged['verdict']}\t{serials}")
    return 0 if all(judged["verdict"] in _GENUINE for _, judged in verdicts) else 1


def _listen(given: argparse.Namespace) -> int:
    receiver = Receiver(given.port, given.secret, lambda event: print(json.dumps(event), flush=True))
    print(f"listening at {receiver.url}", file=sys.stderr, flush=True)
    with receiver:
        receiver.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
