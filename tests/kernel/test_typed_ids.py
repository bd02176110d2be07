"""Ids as the API writes them."""

from __future__ import annotations

import re
import uuid

from hypothesis import given
from hypothesis import strategies as st

from meterai.kernel.typed_ids import Prefix, pattern_of, read_id, write_id


@given(st.uuids(), st.sampled_from(Prefix))
def test_an_id_is_read_as_it_was_written_and_only_under_its_prefix(id: uuid.UUID, prefix: Prefix) -> None:
    text = write_id(prefix, id)
    assert re.fullmatch(pattern_of(prefix), text)
    assert [one for one in Prefix if read_id(one, text)] == [prefix] if id.int else True
    assert read_id(prefix, text) == id
    for broken in (text.upper(), text[:-1], text + "0", f"{prefix}_8{text[5:]}", f" {text}"):
        assert read_id(prefix, broken) is None


def test_the_examples_of_the_typeid_specification() -> None:
    known = uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057")
    assert write_id(Prefix.STAMP, known) == "stm_01h455vb4pex5vsknk084sn02q"
    assert write_id(Prefix.STAMP, uuid.UUID(int=2**128 - 1)) == "stm_7zzzzzzzzzzzzzzzzzzzzzzzzz"
