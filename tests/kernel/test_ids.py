from datetime import UTC, datetime
from uuid import RFC_4122

from meterai.kernel.ids import derived_id, new_id


def test_a_derived_id_is_the_same_for_the_same_parts_and_another_for_others():
    assert derived_id("settle", "a", 1) == derived_id("settle", "a", 1)
    assert len({derived_id("settle", "a", 1), derived_id("settle", "a1"), derived_id("void", "a", 1)}) == 3


def test_a_derived_id_is_a_uuid_of_version_8_and_a_new_id_of_version_7():
    derived = derived_id("settle", "a")
    assert (derived.version, derived.variant) == (8, RFC_4122)
    assert new_id(datetime(2026, 1, 1, tzinfo=UTC)).version == 7
