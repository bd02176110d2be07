"""System calls that a jail process may make: numbers on x86_64 and aarch64 (-1: does not exist).

A test compares the numbers with those of libseccomp.
"""

from __future__ import annotations

from typing import Final

Numbers = tuple[int, int]

MEMORY: Final[dict[str, Numbers]] = {
    "brk": (12, 214),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "madvise": (28, 233),
}
READING: Final[dict[str, Numbers]] = {
    "read": (0, 63),
    "pread64": (17, 67),
    "lseek": (8, 62),
    "close": (3, 57),
    "fstat": (5, 80),
    "newfstatat": (262, 79),
    "getdents64": (217, 61),
    "readlink": (89, -1),
    "readlinkat": (267, 78),
    "getcwd": (79, 17),
    "recvfrom": (45, 207),
}
WRITING: Final[dict[str, Numbers]] = {
    "write": (1, 64),  # what is open: the socket to the pool, and /dev/null as standard error
}
TIME_AND_CHANCE: Final[dict[str, Numbers]] = {
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "gettimeofday": (96, 169),
    "timer_gettime": (224, 108),
    "timer_settime": (223, 110),
    "getrandom": (318, 278),
}
ITSELF: Final[dict[str, Numbers]] = {
    "getpid": (39, 172),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getrusage": (98, 165),
    "uname": (63, 160),
    "futex": (202, 98),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "restart_syscall": (219, 128),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
ALLOWED: Final[dict[str, Numbers]] = MEMORY | READING | WRITING | TIME_AND_CHANCE | ITSELF

# Calls that are allowed with certain arguments.
OPENAT: Final[Numbers] = (257, 56)
MMAP: Final[Numbers] = (9, 222)
MPROTECT: Final[Numbers] = (10, 226)
SENDTO: Final[Numbers] = (44, 206)
IOCTL: Final[Numbers] = (16, 29)
FCNTL: Final[Numbers] = (72, 25)
TGKILL: Final[Numbers] = (234, 131)
PRLIMIT64: Final[Numbers] = (302, 261)
RT_SIGACTION: Final[Numbers] = (13, 134)
BY_ARGUMENT: Final[dict[str, Numbers]] = {
    "openat": OPENAT,
    "mmap": MMAP,
    "mprotect": MPROTECT,
    "sendto": SENDTO,
    "ioctl": IOCTL,
    "fcntl": FCNTL,
    "tgkill": TGKILL,
    "prlimit64": PRLIMIT64,
    "rt_sigaction": RT_SIGACTION,
}
