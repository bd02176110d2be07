"""Every bomb and loop is refused by name or stamped within the limits, and nobody else notices.

Real processes with real limits, lower than in the service so that the tests stay short. A job has one to two
seconds of CPU time, half a gigabyte and six seconds of wall time.
"""

from __future__ import annotations

import asyncio
import inspect
import io
import os
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from types import ModuleType

import pikepdf
import pytest

from meterai.jail.pool import JailPool
from meterai.jail.probe import ProbeRequest, ProbeResult
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.serial_number import make_serial
from meterai.stamping.requests import (
    OutputLimits,
    PreparedSeal,
    Reception,
    ReceptionRequest,
    SealRequest,
    Stamp,
)
from meterai.verification.model import Judgement, JudgeRequest, Trust
from tests.hostile import drawings, fonts, tables
from tests.pdf import samples

RECEIVE = "meterai.stamping.in_jail.reception:receive"
PREPARE = "meterai.stamping.in_jail.preparation:prepare_seal"
JUDGE = "meterai.verification.in_jail:judge"
PROBE = "meterai.jail.probe:probe"
CPU_SECONDS = 1
WALL_SECONDS = 20.0
MOMENT = datetime(2026, 8, 17, tzinfo=UTC)
SERIAL = make_serial(bytes(32))


def makers(module: ModuleType) -> dict[str, Callable[[], bytes]]:
    return {
        name: make
        for name, make in inspect.getmembers(module, inspect.isfunction)
        if make.__module__ == module.__name__ and not name.startswith("_")
    }


BOMBS = {
    **makers(tables),
    **makers(drawings),
    **makers(fonts),
    "nested_forms": samples.nested_forms,
    "self_drawing_form": samples.self_drawing_form,
    "compression_bomb": samples.compression_bomb,
    "picture_bomb": samples.picture_bomb,
    "huge_count": samples.huge_count,
    "looping_pages": samples.looping_pages,
    "deep_page_tree": samples.deep_page_tree,
    "deep_nesting": samples.deep_nesting,
    "many_objects": samples.many_objects,
    "many_pages": samples.many_pages,
    "giant_page": samples.giant_page,
}

ENDLESS = {
    "content_array_of_one_stream", "endless_content", "forms_in_annotations", "masks_in_masks",
    "shading_with_costly_function", "wide_fields",
}  # fmt: skip
"""These go on until a limit stops them, whatever it is."""

MORE_ENDLESS = {
    "bomb_in_a_character_map", "content_of_deep_states", "forms_in_patterns", "forms_with_names_in_disguise",
    "inline_pictures_without_end", "many_annotations", "many_large_pictures", "mesh_of_a_million_triangles",
    "path_of_a_million_curves", "pattern_of_tiny_tiles", "pattern_that_paints_itself",
    "patterns_in_patterns", "picture_in_every_corner",
}  # fmt: skip
"""Much like those, two seconds each: only with METERAI_EVERY_BOMB=1."""

REFUSED = {
    "bomb_in_an_unused_stream": "pdf.too_complex",
    "bomb_in_the_metadata": "pdf.too_complex",
    "colour_profile_bomb": "pdf.too_complex",
    "comment_without_end": "pdf.no_pages",
    "compression_bomb": "pdf.too_complex",
    "deep_nesting": "pdf.too_complex",
    "deep_page_tree": "pdf.broken",
    "encryption_dictionary_is_the_page": "pdf.encryption_unknown",
    "encryption_encrypts_itself": "pdf.encrypted",
    "encryption_with_endless_rounds": "pdf.encrypted",
    "fax_picture_of_huge_size": "pdf.too_complex",
    "flate_in_flate": "pdf.too_complex",
    "giant_page": "pdf.page_size",
    "looping_pages": "pdf.broken",
    "many_objects": "pdf.too_complex",
    "many_pages": "pdf.too_many_pages",
    "nested_forms": "pdf.too_complex",
    "nothing_but_startxref": "pdf.broken",
    "numbers_without_end": "pdf.no_pages",
    "objects_without_a_table": "pdf.broken",
    "one_page_a_thousand_times": "pdf.too_many_pages",
    "optional_content_in_a_circle": "pdf.not_static",
    "page_box_of_astronomic_size": "pdf.no_pages",
    "picture_bomb": "pdf.too_complex",
    "self_drawing_form": "pdf.too_complex",
    "string_of_brackets": "pdf.no_pages",
    "table_stream_of_a_thousand_million": "pdf.broken",
    "tree_of_doubling_pages": "pdf.broken",
    "user_unit_of_astronomic_size": "pdf.no_pages",
}
"""What becomes of the others that are not stamped. A slower machine may say `pdf.too_heavy` of any."""


JUDGED = ("TIDAK_ASLI", "TIDAK_DAPAT_DIPERIKSA", "NO_STAMP", "pdf.too_heavy")


@pytest.fixture
async def jail() -> AsyncIterator[JailPool]:
    pool = JailPool(
        [RECEIVE, PREPARE, JUDGE, PROBE],
        slots=2,
        memory_bytes=512 << 20,
        cpu_seconds=CPU_SECONDS,
        wall_seconds=WALL_SECONDS,
        production=True,
    )
    await pool.start()
    yield pool
    await pool.close()


async def receive(jail: JailPool, data: bytes) -> Reception:
    return await jail.run(RECEIVE, ReceptionRequest(data=data, stamps=1, limits=OutputLimits()), Reception)


async def stamp(jail: JailPool, data: bytes) -> str:
    """The way of an upload and of its stamp; what came of it: `stamped` or the code of the refusal."""
    try:
        received = await receive(jail, data)
        prepared = await jail.run(
            PREPARE,
            SealRequest(
                data=data,
                stamps=[
                    Stamp(serial=SERIAL, code="HTTPS://METERAI.EXAMPLE", placement=received.placements[0])
                ],
                profile=received.profile,
                signing_time=MOMENT,
            ),
            PreparedSeal,
        )
    except Refusal as refusal:
        return refusal.code if refusal.kind is Kind.INVALID else f"{refusal.kind} {refusal.code}"
    check_sound(prepared.data, len(received.inspection.pages))
    return "stamped"


def check_sound(data: bytes, pages: int) -> None:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert len(pdf.pages) == pages
        assert not pdf.get_warnings()
        assert str(pdf.Root.AcroForm.Fields[0].T).startswith("Emet")


async def test_bombs_are_refused_by_name_or_stamped_within_the_limits(jail: JailPool) -> None:
    quick = [name for name in BOMBS if name not in ENDLESS | MORE_ENDLESS]
    outcomes = {name: await stamp(jail, BOMBS[name]()) for name in quick}
    wrong = {
        name: code
        for name, code in outcomes.items()
        if code not in (REFUSED.get(name, "stamped"), "pdf.too_heavy")
    }
    assert wrong == {}
    assert list(outcomes.values()).count("pdf.too_heavy") < 6


@pytest.mark.long
async def test_endless_drawings_run_into_a_limit_while_others_go_on(jail: JailPool) -> None:
    """One slot for bombs, one for a person whose letter has nothing to do with them."""
    chosen = ENDLESS | (MORE_ENDLESS if os.environ.get("METERAI_EVERY_BOMB") else set())
    letter, waits = samples.letter(), []

    async def work_on() -> None:
        while True:
            started = time.monotonic()
            assert len((await receive(jail, letter)).placements) == 1
            waits.append(time.monotonic() - started)
            await asyncio.sleep(0.2)

    person = asyncio.create_task(work_on())
    outcomes = {name: await stamp(jail, BOMBS[name]()) for name in sorted(chosen)}
    assert not person.done()  # no job of the person failed
    person.cancel()
    assert set(outcomes.values()) <= {"pdf.too_heavy", "stamped"}
    assert list(outcomes.values()).count("pdf.too_heavy") >= 5, "too few bombs went off to say anything"
    assert len(waits) > 10


@pytest.mark.long
async def test_no_bomb_is_judged_genuine_and_none_stops_the_judge(jail: JailPool) -> None:
    trust = Trust(roots_pem=())
    outcomes = {}
    for name in makers(tables).keys() - ENDLESS - MORE_ENDLESS:
        request = JudgeRequest(data=BOMBS[name](), trust=trust, moment=MOMENT)
        try:
            outcomes[name] = str((await jail.run(JUDGE, request, Judgement)).verdict)
        except Refusal as refusal:  # by the jail itself; the third verdict is made of it
            outcomes[name] = refusal.code
    never = {name: outcome for name, outcome in outcomes.items() if outcome not in JUDGED}
    assert never == {}


async def test_the_time_of_a_job_ends_with_the_process_whatever_the_parser_does(jail: JailPool) -> None:
    """CPU: the kernel's signal. Wall: the pool's kill, when a parser only waits."""
    before = os.times()
    with pytest.raises(Refusal, match=r"pdf\.too_heavy"):
        await jail.run(PROBE, ProbeRequest(burn_seconds=30.0), ProbeResult)
    spent = os.times().children_user - before.children_user
    assert spent < CPU_SECONDS + 2.5
