"""Judges changed files: `python -m tests.changes [--kinds PART...] [--pages PAGE...] [--profile PROFILE...]`.

Each kind of change is tried on each page in each profile. Prints a table of verdicts by kind and every false
verdict. Ends with status 1 if there was one.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter

from meterai.pdf.profiles import Profile
from meterai.verification.model import Verdict
from tests.changes.matrix import Outcome, all_of
from tests.changes.pages import PAGES
from tests.changes.registry import KINDS


def main() -> int:
    asked = _arguments()
    logging.disable()  # pyHanko tells of each change
    kinds = [name for name in KINDS if any(part in name for part in asked.kinds or [""])]
    profiles = [Profile(name) for name in asked.profile or list(Profile)]
    print(f"{len(kinds)} kinds, {len(asked.pages or PAGES)} pages, {len(profiles)} profiles", flush=True)
    began, slowest = time.monotonic(), 0.0
    false: list[Outcome] = []
    total: Counter[Verdict] = Counter()
    print(f"{'kind':60}" + "".join(f"{verdict[:12]:>14}" for verdict in Verdict) + f"{'FALSE':>8}")
    for outcomes in all_of(kinds, asked.pages or PAGES, profiles=profiles, processes=asked.processes):
        if not outcomes:
            continue
        false += [found for found in outcomes if found.false]
        total.update(found.verdict for found in outcomes)
        slowest = max(slowest, *(found.seconds for found in outcomes))
        print(_row(outcomes), flush=True)
    for found in false:
        print(f"FALSE {found}")
    took = f"{time.monotonic() - began:.0f} s, slowest {slowest:.1f} s"
    print(f"{total.total()} files in {took}: {len(false)} false verdicts")
    return 1 if false else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="*", help="parts of names; all kinds if left out")
    parser.add_argument("--profile", nargs="*", choices=[str(profile) for profile in Profile])
    parser.add_argument("--pages", nargs="*", choices=list(PAGES))
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args()


def _row(outcomes: list[Outcome]) -> str:
    counts = Counter(found.verdict for found in outcomes)
    columns = "".join(f"{counts[verdict] or '':>14}" for verdict in Verdict)
    return f"{outcomes[0].kind[:60]:60}{columns}{sum(found.false for found in outcomes) or '':>8}"


if __name__ == "__main__":
    sys.exit(main())
