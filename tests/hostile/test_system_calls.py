"""The numbers of the allowed system calls are those of libseccomp, on both architectures."""

from __future__ import annotations

import ctypes

import pytest

from meterai.jail.walls.system_calls import ALLOWED, BY_ARGUMENT

pytestmark = pytest.mark.hostile

X86_64, AARCH64 = 0xC000003E, 0xC00000B7
"""SCMP_ARCH_X86_64 and SCMP_ARCH_AARCH64 (seccomp.h)."""


@pytest.mark.parametrize(("column", "architecture"), [(0, X86_64), (1, AARCH64)], ids=["x86_64", "aarch64"])
def test_numbers_are_those_of_libseccomp(column: int, architecture: int) -> None:
    resolve = ctypes.CDLL("libseccomp.so.2").seccomp_syscall_resolve_name_arch
    ours = {name: numbers[column] for name, numbers in (ALLOWED | BY_ARGUMENT).items()}
    theirs = {name: resolve(ctypes.c_uint32(architecture), name.encode()) for name in ours}
    # libseccomp gives numbers below -1 to calls that an architecture does not have.
    assert ours == {name: max(-1, number) for name, number in theirs.items()}


def test_nothing_that_reaches_others_is_allowed_without_a_look_at_its_arguments() -> None:
    reaching = "socket connect bind sendmsg clone clone3 fork vfork execve kill ptrace unshare mount open"
    assert not set(reaching.split()) & ALLOWED.keys()
    assert {"openat", "mmap", "mprotect", "sendto", "tgkill", "prlimit64"} <= BY_ARGUMENT.keys()
