"""A form counts only when it comes from a page that was made for its visitor."""

from __future__ import annotations

from meterai.web.requests.csrf import is_permit, is_proof, make_permit, make_proof, new_visitor

SECRET = b"s" * 32


def test_a_proof_holds_for_its_visitor_alone() -> None:
    alice, bob = new_visitor(), new_visitor()
    proof = make_proof(SECRET, alice, session="")
    assert is_proof(SECRET, alice, session="", proof=proof)
    assert not is_proof(SECRET, bob, session="", proof=proof)
    assert not is_proof(b"t" * 32, alice, session="", proof=proof)


def test_a_proof_holds_for_its_session_alone() -> None:
    alice = new_visitor()
    proof = make_proof(SECRET, alice, session="hers")
    assert is_proof(SECRET, alice, session="hers", proof=proof)
    for other in ("", "another"):
        assert not is_proof(SECRET, alice, session=other, proof=proof)
    before = make_proof(SECRET, alice, session="")
    assert not is_proof(SECRET, alice, session="hers", proof=before)


def test_two_pages_never_carry_the_same_proof() -> None:
    alice = new_visitor()
    assert make_proof(SECRET, alice, session="") != make_proof(SECRET, alice, session="")


def test_missing_and_mangled_proofs_are_refused() -> None:
    alice = new_visitor()
    proof = make_proof(SECRET, alice, session="")
    flipped = proof[:-3] + ("A" if proof[-3] != "A" else "B") + proof[-2:]
    for wrong in ("", "x", "é", proof[:-4], flipped, "A" * 32):
        assert not is_proof(SECRET, alice, session="", proof=wrong)
    assert not is_proof(SECRET, "", session="", proof=proof)
    assert not is_proof(SECRET, "", session="", proof=make_proof(SECRET, "", session="")), (
        "who has no cookie is nobody"
    )


def test_a_permit_holds_for_its_names_alone() -> None:
    permit = make_permit(SECRET, "order", 12, 3)
    assert is_permit(SECRET, permit, "order", 12, 3)
    for other in (("order", 1, 23), ("order", 123), ("order", 3, 12), ()):
        assert not is_permit(SECRET, permit, *other)
    assert not is_permit(b"t" * 32, permit, "order", 12, 3)
    assert not is_permit(SECRET, "é", "order", 12, 3)
