"""Templates are compiled once, and anew once anything is another."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest

from meterai.kit import compiled_templates
from meterai.kit.compiled_templates import CompiledTemplates


@pytest.fixture(autouse=True)
def written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


@pytest.fixture(autouse=True)
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of one module, in the place of ours."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "filters.py").write_text("# rounds up")
    monkeypatch.setattr(compiled_templates, "_PACKAGE", package)
    yield package
    as_in_a_new_process()


def as_in_a_new_process() -> None:
    compiled_templates._read.cache_clear()
    compiled_templates._made_of.cache_clear()


class Counting(jinja2.Environment):
    """Counts what it compiles."""

    compiled = 0

    def _generate(self, *what: object, **more: object) -> str:
        self.compiled += 1
        return super()._generate(*what, **more)  # type: ignore[arg-type]


def start(folder: Path, text: str = "{{ 1 + 1 }} stamps", name: str = "pages_en") -> tuple[str, int]:
    """What a page says after a start, and how many templates were compiled for it."""
    as_in_a_new_process()
    return build(folder, text, name)


def build(folder: Path, text: str, name: str = "pages_en") -> tuple[str, int]:
    templates = CompiledTemplates(folder, name)
    environment = Counting(loader=jinja2.DictLoader({"page": text}), bytecode_cache=templates)
    said = environment.get_template("page").render()
    templates.keep()
    return said, environment.compiled


def test_the_next_start_compiles_nothing(tmp_path: Path) -> None:
    assert start(tmp_path) == ("2 stamps", 1)
    assert start(tmp_path) == ("2 stamps", 0)
    assert [file.suffix for file in (tmp_path / "__pycache__").iterdir()] == [".templates"]


def test_the_environments_of_a_process_share_what_one_compiled(tmp_path: Path) -> None:
    assert start(tmp_path) == ("2 stamps", 1)
    assert build(tmp_path, "{{ 1 + 1 }} stamps") == ("2 stamps", 0)


def test_a_changed_template_and_another_language_are_compiled(tmp_path: Path) -> None:
    start(tmp_path)
    assert start(tmp_path, "{{ 2 + 2 }} stamps") == ("4 stamps", 1)
    assert start(tmp_path, "{{ 2 + 2 }} stamps", "pages_id") == ("4 stamps", 1)


def test_all_is_compiled_once_a_module_has_changed(tmp_path: Path, modules: Path) -> None:
    start(tmp_path)
    (modules / "filters.py").write_text("# rounds down now")
    assert start(tmp_path) == ("2 stamps", 1)
    assert start(tmp_path) == ("2 stamps", 0)


def test_a_file_that_is_none_of_ours_is_written_anew(tmp_path: Path) -> None:
    start(tmp_path)
    (file,) = (tmp_path / "__pycache__").iterdir()
    for rubbish in (b"", b"\x93\x01\x02", file.read_bytes()[:-7]):
        file.write_bytes(rubbish)
        assert start(tmp_path) == ("2 stamps", 1)
        assert start(tmp_path) == ("2 stamps", 0)


def test_where_nothing_can_be_written_pages_are_compiled_each_time(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").write_text("a file in the way")
    assert start(tmp_path) == start(tmp_path) == ("2 stamps", 1)


def test_where_python_writes_nothing_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert start(tmp_path) == ("2 stamps", 1)
    assert not (tmp_path / "__pycache__").exists()
