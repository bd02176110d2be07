"""Files that are written beside and put in place."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from meterai.kit.files.atomic_write import copy_whole, write_whole


def test_a_reader_sees_the_old_content_or_the_new(tmp_path: Path) -> None:
    path, contents = tmp_path / "state", [letter * 300_000 for letter in (b"a", b"b")]
    write_whole(path, contents[0])
    over = threading.Event()

    def write() -> None:
        for turn in range(100):
            write_whole(path, contents[turn % 2], durable=False)
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not over.is_set():
        seen.add(path.read_bytes())
    writer.join()
    assert seen <= set(contents)
    assert seen
    assert list(tmp_path.iterdir()) == [path]


def test_what_can_not_be_written_leaves_the_old_content_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    write_whole(path, b"old")
    other = tmp_path / "other"
    write_whole(other, b"n" * 2_000)
    script = """if True:
        import pathlib, resource, sys
        from meterai.kit.files.atomic_write import copy_whole, write_whole
        path, other = map(pathlib.Path, sys.argv[1:])
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
        for write in (lambda: write_whole(path, b"n" * 2_000), lambda: copy_whole(other, path)):
            try:
                write()
            except OSError as error:
                print(error.errno, error.filename)
    """
    told = subprocess.run(
        [sys.executable, "-c", script, str(path), str(other)], capture_output=True, text=True, check=True
    )
    assert told.stdout == f"27 {path}\n" * 2, "file too large, as on a disk that is full"
    assert path.read_bytes() == b"old"
    assert {found.name for found in tmp_path.iterdir()} == {"secret.json", "other"}


def test_a_copy_has_the_permissions_and_times_of_what_was_copied(tmp_path: Path) -> None:
    source, target = tmp_path / "root.pem", tmp_path / "copy.pem"
    source.write_bytes(b"certificate")
    source.chmod(0o644)
    os.utime(source, (1_000, 2_000))
    before = os.umask(0o077)
    try:
        copy_whole(source, target)
    finally:
        os.umask(before)
    assert (target.read_bytes(), target.stat().st_mtime) == (b"certificate", 2_000)
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    with pytest.raises(FileNotFoundError, match="missing"):
        copy_whole(tmp_path / "missing", target)


def test_a_folder_in_its_place_stays_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "taken", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_secret_is_never_readable_for_others(tmp_path: Path) -> None:
    write_whole(tmp_path / "secret", b"s", mode=0o600)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_a_name_may_be_as_long_as_the_file_system_takes(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    write_whole(path, b"content")
    assert path.read_bytes() == b"content"
