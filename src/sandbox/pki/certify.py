"""The development authority's counter: `python -m sandbox.pki.certify [--for-hashes] PKI REQUEST OUT`."""

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
    parser.add_argument("--for-hashes", action="store_true", help="mark it as a certificate for hashes")
    asked = parser.parse_args()
    request = asked.request.read_bytes()
    asked.out.write_bytes(certify_request(asked.pki, request, for_hashes=asked.for_hashes))
    print(f"Wrote {asked.out.name}.")


if __name__ == "__main__":
    main()
