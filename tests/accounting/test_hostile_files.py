"""Reports and statements may come from anybody: each is read exactly, or refused by name."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterai.accounting.amounts import AMOUNT_MAX, read_rupiah, whole_rupiah
from meterai.accounting.bank import making
from meterai.accounting.bank.take_statement import read_statements
from meterai.accounting.reports import reading
from meterai.accounting.reports.reading import read_report
from meterai.kernel.refusals import Refusal
from tests.accounting.reports import HEAD, Told, mt940

DAY = date(2026, 9, 5)
REPORT = Told(DAY).says("payment", "A-1", 12_500, 88).says("refund", "B-1", 500).raw
STATEMENT = mt940(DAY, [(24_825, "PO20260905 MIDTRANS"), (-5_000, "BIAYA ADM")], opening=7)
WORDS = st.text(st.characters(codec="latin-1", exclude_categories=("Cc",)), max_size=60)
MOVED = st.tuples(st.integers(-(10**12) + 1, 10**12 - 1).filter(bool), WORDS)


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_whole_amounts_are_read_exactly(amount: int) -> None:
    assert read_rupiah(f"{amount}.00") == amount == whole_rupiah(Decimal(amount))


@pytest.mark.parametrize(
    "text", ["", "1e3", "12500.50", "12.500", "١٢", "NaN", "1_000", " 1", "--1", "9" * 16]
)
def test_no_other_text_is_an_amount(text: str) -> None:
    assert read_rupiah(text) is None


@given(
    st.lists(st.tuples(st.sampled_from(["payment", "refund"]), st.integers(1, 10**12), st.integers(0, 99)))
)
def test_a_report_is_read_as_it_was_written(rows: list[tuple[str, int, int]]) -> None:
    told = Told(DAY)
    for number, (kind, amount, fee) in enumerate(rows):
        told.says(kind, f"A-{number}", amount, fee)
    report = read_report(told.raw, gateway="fake", day=DAY)
    assert [(line.kind, line.amount, line.fee) for line in report.lines] == rows
    assert report.payout == max(0, told.paid_out)


@given(st.lists(MOVED, min_size=1, max_size=8), st.integers(0, 10**12))
def test_a_statement_is_read_as_it_was_written(movements: list[tuple[int, str]], opening: int) -> None:
    closing = opening + sum(amount for amount, _ in movements)
    (read,) = read_statements(mt940(DAY, movements, opening=opening))
    assert [line.amount for line in read.lines] == [amount for amount, _ in movements]
    assert (read.opening, read.closing, read.first, read.last) == (opening, closing, DAY, DAY)


@given(st.data())
def test_a_damaged_file_is_read_or_refused_by_name(data: st.DataObject) -> None:
    raw = data.draw(st.sampled_from([REPORT, STATEMENT]))
    begin = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(begin, len(raw)))
    damaged = raw[:begin] + data.draw(st.binary(max_size=30)) + raw[end:]
    codes = list[str]()
    for read in (lambda: read_report(damaged, gateway="fake"), lambda: read_statements(damaged)):
        try:
            read()
        except Refusal as refusal:
            codes.append(refusal.code)
    assert set(codes) <= {"report.unreadable", "statement.unreadable"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("payment,A-1,12500.50,0,2026-09-05", "amount"),
        ("payment,A-1,-1,0,2026-09-05", "amount"),
        ("payment,A-1,1,-1,2026-09-05", "amount"),
        ("payment,../etc,1,0,2026-09-05", "order_id"),
        ("gift,A-1,1,0,2026-09-05", "type"),
        ("payment,A-1,1,0,tomorrow", "day"),
        ("payment,A-1,1,0,2026-09-06", "another_day"),
        ("payout,PO1,1,0,2026-09-05", "payout"),
        ("payment,A-1,1,0", "columns"),
        ('payment,"A-1', "no_csv"),
    ],
)
def test_a_wrong_line_of_a_report_is_named(line: str, reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_report(f"{HEAD}\n{line}\n".encode(), gateway="fake", day=DAY)
    assert (refused.value.code, refused.value.facts["reason"]) == ("report.unreadable", reason)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ((b"IDR20", b"USD20"), "currency"),
        ((b"5000,00", b"5000,50"), "amount"),
        ((b"C24825,00", b"C24826,00"), "balance"),
        ((b":25:1234567890", b":25:"), "account"),
        ((b":61:260905", b":61:269999"), "no_mt940"),
        ((b"C24825,00", b"C2482500000000000,00"), "amount"),
        ((b"C24825,00", b"RC24825,00"), "balance"),
        ((b":86:PO", b":86:" + b"x" * 500), "size"),
    ],
)
def test_a_wrong_statement_is_refused(change: tuple[bytes, bytes], reason: str) -> None:
    raw = STATEMENT.replace(b"IDR7,", b"IDR20,").replace(b"IDR19832,", b"IDR19845,").replace(*change)
    with pytest.raises(Refusal) as refused:
        read_statements(raw)
    assert refused.value.facts["reason"] == reason


def test_files_have_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BYTES_MAX", 10)
    monkeypatch.setattr(making, "BYTES_MAX", 10)
    with pytest.raises(Refusal, match="report"):
        read_report(REPORT, gateway="fake")
    assert whole_rupiah(Decimal(AMOUNT_MAX)) is None


def test_a_csv_statement_has_one_account_and_running_balances() -> None:
    raw = "account,date,description,amount,balance\n1,2026-09-05,A,100,150\n1,2026-09-05,B,-50.00,100.00\n"
    (read,) = read_statements(raw.encode())
    assert (read.opening, read.closing, [line.amount for line in read.lines]) == (50, 100, [100, -50])
    with pytest.raises(Refusal, match="statement"):
        read_statements(raw.replace("\n1,2026-09-05,B", "\n2,2026-09-05,B").encode())
    with pytest.raises(Refusal, match="statement"):
        read_statements(raw.replace("100.00", "101").encode())
