"""The socket on which a process serves, and the number of connections that it takes."""

from __future__ import annotations

import errno
import resource
import socket

CONNECTIONS_MAX = 20_000
"""At a time, in a process."""
FILES_KEPT_FREE = 400
"""Files for other purposes than connections. Without them a process could write nothing in a crowd."""
_CONNECTIONS_MIN = 100
"""With fewer, a process would refuse a browser's second request and still count as running."""


def connections_within_limits(wanted: int) -> int:
    """Returns `wanted`, or the largest number of connections for which this process may have files open.

    It raises the limit of the process (usually 1,024) as far as needed and allowed.

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
    """Opens a listening TCP socket, and raises the limit of open files for `CONNECTIONS_MAX` connections.

    Several processes may share the port: the kernel spreads connections over them (SO_REUSEPORT).

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
