"""The development authority's counter: `python -m sandbox.pki.certify PKI REQUEST OUT`."""

from __future__ import annotations

import argparse
from pathlib import Path

from sandbox.pki.authority import certify_request


def main() -> None:
    """Writes the certificate and its issuer's to OUT."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.pki.certify", description=__doc__)
    parser.add_argument("pki", type=Path)
    parser.add_argument("request", type=Path)
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    asked.out.write_bytes(certify_request(asked.pki, asked.request.read_bytes()))
    print(f"Wrote {asked.out.name}.")


if __name__ == "__main__":
    main()
