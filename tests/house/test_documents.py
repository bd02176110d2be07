"""The documents say what the code does: settings, API, decisions, files that the pages name."""

import re
from configparser import ConfigParser
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meterai.cli.main import COMMANDS
from meterai.kit.settings import describe, from_environment
from meterai.sales.events import EventQueue, load_events

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
UNITS = ROOT / "deploy" / "systemd"
PRODUCT = ROOT / "src" / "meterai"


def test_every_setting_is_documented_as_it_is() -> None:
    page = (DOCS / "configuration.md").read_text()
    documented = {
        row[0]: (row[1], row[2])
        for row in re.findall(r"\| `(METERAI_\w+)` \| (?:`(.*?)`|empty) \| (.*) \|", page)
    }
    assert documented == {name: (default, meaning) for name, default, meaning in describe()}


def test_the_events_file_that_is_shown_can_be_read(tmp_path: Path) -> None:
    shown = re.search(r"```toml\n(.*?)```", (DOCS / "configuration.md").read_text(), re.S)
    queue = re.search(r"```toml\n\[event.queue\]\n(.*?)```", (DOCS / "waiting-room.md").read_text(), re.S)
    assert shown
    assert queue
    (tmp_path / "events.toml").write_text(shown[1])
    assert [event.slug for event in load_events(tmp_path / "events.toml")] == ["casn-2027"]
    (tmp_path / "events.toml").write_text(shown[1].replace("on = true\n", queue[1]))
    assert load_events(tmp_path / "events.toml")[0].queue == EventQueue(
        joins_from=datetime(2026, 9, 6, 11, tzinfo=UTC),
        opens_at=datetime(2026, 9, 6, 13, tzinfo=UTC),
        last_call_at=datetime(2026, 9, 6, 16, tzinfo=UTC),
        closes_at=datetime(2026, 9, 6, 16, 59, tzinfo=UTC),
    ), "left out means what the page says"


def test_a_setting_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match="METERAI_PORT"):
        from_environment({"METERAI_PORT": "many"})


def test_every_decision_is_listed() -> None:
    index = (DOCS / "decisions" / "README.md").read_text()
    for page in DOCS.glob("decisions/0*.md"):
        assert f"({page.name})" in index, f"{page.name} is missing in the list of decisions"


def test_a_command_for_a_service_is_told_which_by_its_data_directory() -> None:
    """As the README says. The others read files or a public log."""
    without = set()
    for name, entry in COMMANDS.items():
        code = (PRODUCT.parent / f"{entry.module.replace('.', '/')}.py").read_text()
        signature = re.search(rf"^def {entry.function}\((.*?)\) ->", code, re.M | re.S)
        assert signature, name
        if not re.search(r"\bdata: ", signature[1]):
            without.add(name)
    assert without == {"verify", "verifier", "plan", "queue audit", "backup-key"}


def test_the_readme_has_every_command_and_every_page() -> None:
    readme = (ROOT / "README.md").read_text()
    commands = re.search(r"^## Commands\n(.*?)^## ", readme, re.M | re.S)
    assert commands
    rows = [set(re.findall(r"[a-z-]+", row.split(" | ")[0])) for row in commands[1].splitlines()]
    for name in COMMANDS:
        assert any(set(name.split()) <= row for row in rows), f"README.md does not name meterai {name}"
    for page in DOCS.glob("*.md"):
        assert f"(docs/{page.name})" in readme, f"README.md does not lead to {page.name}"
    assert readme.split("## Where to read on")[1].strip().startswith("- [docs/on-duty.md]")


def test_no_page_needs_sudo() -> None:
    """A minimal Debian lacks it: root gives commands as another user by runuser."""
    pages = [ROOT / "README.md", *DOCS.rglob("*.md")]
    assert [page.name for page in pages if re.search(r"\bsudo\b", page.read_text())] == []


def test_what_the_officer_on_duty_looks_for_is_what_the_code_says() -> None:
    page = (DOCS / "on-duty.md").read_text()
    source = "".join(file.read_text() for file in (ROOT / "src" / "meterai").rglob("*.py"))
    symptoms = [row.split(" | ")[0] for row in page.splitlines() if row.startswith("| ")]
    looked_for = re.findall(r"`([a-z]+[._][a-z._]+)`", " ".join(symptoms))
    assert len(looked_for) > 20
    for name in looked_for:
        assert f'"{name}"' in source, f"nothing says {name}"
    for command in re.findall(r"`meterai ([a-z-]+(?: [a-z-]+)?)", page):
        words = command.split()
        assert command in COMMANDS or words[0] in COMMANDS, f"there is no meterai {command}"


@pytest.mark.parametrize(
    "path",
    [unit for unit in sorted(UNITS.glob("*.service")) if "Type=oneshot" not in unit.read_text()],
    ids=lambda path: path.name,
)
def test_a_unit_is_started_again_for_as_long_as_the_database_is_away(path: Path) -> None:
    """systemd's own limits are five starts within ten seconds, 0.1 s apart."""
    unit = ConfigParser(strict=False)
    unit.read(path)
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert unit["Service"]["Restart"] == "always"
    assert unit["Service"]["RestartMaxDelaySec"] == "10s"


@pytest.mark.parametrize(
    "page", sorted([*DOCS.rglob("*.md"), ROOT / "README.md"]), ids=lambda page: page.name
)
def test_links_and_named_files_exist(page: Path) -> None:
    text = page.read_text()
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", text):
        linked = page.parent / target if target else page
        assert linked.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors_of(linked), f"{page.name} links to {target}#{anchor}"
    for name in re.findall(r"`([\w.]+/[\w./-]+\.\w+)`", text):
        folder = next((base for base in (PRODUCT, ROOT) if (base / name.split("/")[0]).is_dir()), None)
        if folder is not None and "NNNN" not in name:
            assert (folder / name).exists(), f"{page.name} names {name}"


def anchors_of(page: Path) -> set[str]:
    """Of a page's headings, as they are made from their words."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
