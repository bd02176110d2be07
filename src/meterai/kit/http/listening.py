"""The socket on which a process serves; several processes may share its port. How many may be connected."""

from __future__ import annotations

import errno
import resource
import socket

CONNECTIONS_MAX = 20_000
"""At once, of a process."""
FILES_KEPT_FREE = 400
"""For what a process opens beside its connections: without them it could write nothing when a crowd comes."""
_CONNECTIONS_MIN = 100
"""With fewer a process would turn a browser's second request away and be called running."""


def connections_within_limits(wanted: int) -> int:
    """So many connections, or as many as this process may have open beside its files. Its own limit is raised
    as far as that needs and the machine's allows: usually it is 1,024.

    Raises: OSError when too few are left to serve anybody.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + FILES_KEPT_FREE
    if resource.RLIM_INFINITY != soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if resource.RLIM_INFINITY != soft < (least := _CONNECTIONS_MIN + FILES_KEPT_FREE):
        raise OSError(
            errno.EMFILE, f"a process may have {soft} files open here (ulimit -Hn); {least} are the least"
        )
    return wanted if soft == resource.RLIM_INFINITY else min(wanted, soft - FILES_KEPT_FREE)


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket (SO_REUSEPORT: the kernel spreads callers over the processes), and open files
    allowed for as many callers as the machine lets us have.

    Raises: OSError when the address is taken or not ours, or too few files may be open.
    """
    connections_within_limits(CONNECTIONS_MAX)
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, port))
    listener.listen(2048)
    listener.setblocking(False)
    return listener
