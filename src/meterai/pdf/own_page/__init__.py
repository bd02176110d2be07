"""A page of our own, on which the fork server of a jail tries its tasks before it forks (`jail.tasks`).

`python -m tests.pdf.make_own_page` made the files here: a page, the same page with a stamp under keys that
were thrown away, and their certificates.
"""

from __future__ import annotations

from importlib.resources import files

STAMPED_SERIAL = "B3MXSJBWVSQHHHF2G092I3"
"""Serial number of its stamp."""


def own_page() -> bytes:
    """A PDF of one page with a line of text."""
    return _read("page.pdf")


def stamped_own_page() -> bytes:
    """The same page with a stamp."""
    return _read("stamped.pdf")


def own_certificate() -> bytes:
    """The certificate (DER) of the key that stamped it."""
    return _read("stamp.der")


def own_root() -> str:
    """The root certificate (PEM) above it."""
    return _read("root.pem").decode()


def _read(name: str) -> bytes:
    return files(__name__).joinpath(name).read_bytes()
