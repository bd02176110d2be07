"""A plan as tables in the terminal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from meterai.waiting_room.rules.model import POLL

_BASES = {
    "measured": "measured",
    "at_least": "measured, at least",
    "given": "given",
    "goal": "a goal, NOT measured",
    "guess": "a guess",
    "hosts": "what the hosts bear",
}
"""Of what something bears."""
_SHOWN = 12
"""Hours."""


def show_plan(console: Console, plan: dict[str, Any], opens: str | None, *, title: str) -> None:
    """Shows a plan; `opens`: ISO date of the opening, if it has one."""
    console.print(_answers(plan, opens, title))
    console.print(_hours(plan, opens))
    console.print(_bottlenecks(plan))
    console.print(_load(plan))


def show_fit(console: Console, name: str, fit: dict[str, Any]) -> None:
    """Shows how well the model meets the published figures."""
    caption = (
        f"accounts: tau {fit['accounts_tau_hours']:g} h; stamps: tau {fit['tau_hours']:g} h, "
        f"{fit['panic_share']:.0%} hurry after the outage, the real service did "
        f"{fit['journeys_per_second']:g} journeys a second when it was up"
    )
    table = Table("published", "at", "count", "model", "off", title=f"{name}: the fit", caption=caption)
    for point in fit["points"]:
        off = point["model"] / point["published"] - 1
        note = "" if point["is_fitted"] else " (by construction)"
        at = datetime.fromisoformat(point["at"])
        table.add_row(
            point["what"],
            f"{at:%-d %b %H:%M}",
            f"{point['published']:,}",
            f"{point['model']:,}",
            f"{off:+.1%}{note}",
        )
    console.print(table)


def _answers(plan: dict[str, Any], opens: str | None, title: str) -> Table:
    ends, closes_s = plan["ends"], plan["season"]["days"] * 86_400
    table = Table(title=title, show_header=False)
    season = plan["season"]
    table.add_row(
        "season",
        f"{season['applicants']:,} applicants, {season['stamps']} stamps each, "
        f"closing {_moment(closes_s, opens)}, tau {season['tau_hours']:g} h",
    )
    table.add_row("policy", _policy(plan["policy"]))
    table.add_row("capacity", _capacity(plan))
    table.add_row("finished", f"{plan['finished']:,}")
    table.add_row("[bold]in line at closing[/bold]", _range(plan["unfinished"]))
    if plan["turned_away"]:
        table.add_row("came after the last call", f"{plan['turned_away']:,}")
    table.add_row("gave up, never came back", f"{plan['gave_up']:,}")
    table.add_row("longest line", _range(plan["longest_line"]))
    table.add_row("longest wait of those called", _wait(plan["longest_wait_s"]))
    table.add_row(
        "[bold]needed for none in line[/bold]",
        f"{_figure(plan['capacity_needed_per_second'])} journeys a second "
        f"({_figure(plan['capacity_needed_with_reserve_per_second'])} when a tenth more come)",
    )
    table.add_row(
        "[bold]latest safe joining time[/bold]",
        f"{_moment(plan['safe_join_s'], opens)} in 95 % of the futures, "
        f"{_moment(plan['usual_safe_join_s'], opens)} in half of them",
    )
    table.add_row("the end", _end(ends))
    table.add_row("the queue's rate, at most", f"{plan['rate_per_minute']:,} a minute")
    table.add_row("people look again after", _poll(*plan["poll_seconds"]))
    return table


def _capacity(plan: dict[str, Any]) -> str:
    """Shows the assumptions of the plan and their sources."""
    people = plan["capacity_per_second"] / plan["journeys_per_person"]
    stamps = _stamps(plan["season"]["stamps"])
    before = _stamps(plan["capacity_before_stamps"])
    return (
        f"{_figure(plan['capacity_per_second'])} journeys a second with {stamps}, {_figure(people)} people, "
        f"are counted on, of {_figure(plan['capacity_before'])} with {before} ({_basis(plan)})"
    )


def _figure(value: float, digits: int = 1) -> str:
    """A number with `digits` decimals; a small one with two significant digits."""
    return f"{value:,.{digits}f}" if value >= 10 ** (1 - digits) or not value else f"{value:.2g}"


def _stamps(count: int) -> str:
    return "1 stamp" if count == 1 else f"{count} stamps"


def _poll(low: int, high: int) -> str:
    """How often phones ask: the pauses are fixed, so a longer line needs more gates."""
    if high <= POLL[1]:
        return f"{low} to {high} s, as is built in"
    return f"{POLL[0]} to {POLL[1]} s, as is built in; a single gate would need up to {high} s: run more"


def _end(ends: dict[str, Any]) -> str:
    if ends["in_line_at_closing"] < 1:
        return "the line is empty at closing: no last call needed"
    return (
        f"closing: {ends['in_line_at_closing']:,} are left; line counts: they are done "
        f"{ends['line_empty_after_h']:.1f} h after it; last call: {_last_call(ends)}"
    )


def _last_call(ends: dict[str, Any]) -> str:
    hours, late = ends["last_call_h"], ends["last_call_turns_away"]
    if hours is None:
        return f"none of up to {ends['last_call_tried_h']:g} h is enough"
    more = ", more than are left without one" if late > ends["in_line_at_closing"] else ""
    return f"{hours:g} h before closing leaves nobody in line, but {late:,} come after it{more}"


def _hours(plan: dict[str, Any], opens: str | None) -> Table:
    """The hours to show: those around the closing, and those around the longest line."""
    begins = plan["season"]["days"] * 24 - _SHOWN
    peak = max(plan["hours"], key=lambda hour: hour["in_line"])
    if peak["in_line"] and peak["begins_h"] < begins:
        begins = peak["begins_h"] - _SHOWN / 2
        hours = [hour for hour in plan["hours"] if begins <= hour["begins_h"] < begins + 1.5 * _SHOWN]
    else:
        hours = [hour for hour in plan["hours"] if hour["begins_h"] >= begins]
    table = Table("hour", "joined", "came in", "in line", "wait p50", "wait p95", title="Waits by hour")
    for hour in hours:
        waits = (_wait(hour[name]) if hour["joined"] else "" for name in ("wait_p50_s", "wait_p95_s"))
        counts = (f"{hour[name]:,}" for name in ("joined", "began", "in_line"))
        table.add_row(_moment(hour["begins_h"] * 3600, opens), *counts, *waits)
    return table


def _bottlenecks(plan: dict[str, Any]) -> Table:
    table = Table("", "asked at the worst", "bears", "which is", "use", title="What gives way first")
    for place, one in enumerate(plan["bottlenecks"]):
        colour = "red" if one["use"] > 1 else "default"
        name = ("first: ", "second: ")[place] + one["name"] if place < 2 else one["name"]
        table.add_row(
            name,
            f"{_figure(one['asked'])} {one['unit']}",
            _figure(one["bears"]),
            _BASES[one["basis"]],
            f"[{colour}]{one['use']:.0%}[/]",
        )
    return table


def _load(plan: dict[str, Any]) -> Table:
    traffic, money = plan["traffic"], plan["money"]
    table = Table(title="Traffic and money", show_header=False)
    table.add_row(
        "the gate, at the peak",
        f"{_figure(traffic['joins_per_second'], 0)} joins/s, "
        f"{_figure(traffic['polls_per_second'], 0)} polls/s",
    )
    table.add_row("the site, at the peak", f"{_figure(traffic['site_requests_per_second'], 0)} requests/s")
    table.add_row(
        "bandwidth at the peak",
        f"{_figure(traffic['in_mbit'], 0)} Mbit/s in, {_figure(traffic['out_mbit'], 0)} Mbit/s out",
    )
    table.add_row(
        "over the season",
        f"{_figure(traffic['uploaded_gb'], 0)} GB in, {_figure(traffic['downloaded_gb'], 0)} GB out, "
        f"{_figure(traffic['files_tb'])} TB of files",
    )
    table.add_row(
        "stock needed",
        f"{money['stock_stamps']:,} stamps ({money['stock_on_the_last_day']:,} on the last day), "
        f"deposit {_rupiah(money['deposit_rp'])}",
    )
    table.add_row("sold", _rupiah(money["sold_rp"]))
    table.add_row(
        "at risk at the busiest moment", f"{_rupiah(money['at_risk_rp'])}, paid and not yet stamped"
    )
    table.add_row("of those left in line", f"{_rupiah(money['not_taken_rp'])} not taken: nobody pays in line")
    return table


def _policy(policy: dict[str, Any]) -> str:
    return {
        "closing": "who is in line at closing is left",
        "line-counts": "being in line at closing counts",
        "last-call": f"joining ends {policy['last_call_hours']:g} h before closing",
    }[policy["ending"]]


def _basis(plan: dict[str, Any]) -> str:
    return {
        "measured": f"measured: {plan['capacity_source']}",
        "at_least": f"measured: {plan['capacity_source']}; at least, as the bench offered no more",
        "given": "given",
        "hosts": "while any one host is lost: see the hosts",
        "goal": "the goal, NOT measured: give --capacity FILE.json of a bench",
    }[plan["capacity_basis"]]


def _range(found: dict[str, float]) -> str:
    return f"{found['expected']:,.0f} (90 % of the futures: {found['low']:,.0f} to {found['high']:,.0f})"


def _moment(seconds: float | None, opens: str | None) -> str:
    if seconds is None:
        return "never"
    if opens:
        return f"{datetime.fromisoformat(opens) + timedelta(seconds=seconds):%-d %b %H:%M}"
    minutes = int(seconds % 86_400 // 60)
    return f"day {int(seconds // 86_400) + 1}, {minutes // 60:02}:{minutes % 60:02}"


def _wait(seconds: float | None) -> str:
    if seconds is None:
        return "not called"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _rupiah(amount: float) -> str:
    if amount >= 1e9:
        return f"Rp{amount / 1e9:,.1f} billion"
    return f"Rp{amount / 1e6:,.1f} million" if amount >= 1e6 else f"Rp{amount:,.0f}"
