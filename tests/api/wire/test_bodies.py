"""What clients send is read whatever form it has, and nothing they send is a fault of ours."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from meterai.api.wire.bodies import Said, read_said
from meterai.kernel.refusals import Refusal
from tests.web.test_forms import END, MULTIPART, part

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


async def said(body: bytes, kind: str = "", query: bytes = b"", bytes_max: int = 1 << 18) -> Said:
    """What is read of a body that comes in pieces."""
    pieces = [body[at : at + 7_000] for at in range(0, len(body), 7_000)] or [b""]
    scope: Any = {"headers": [(b"content-type", kind.encode())] if kind else [], "query_string": query}

    async def receive() -> Any:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    return await read_said(scope, receive, bytes_max=bytes_max)


WANTED = {"user": "a@b.id", "isUpload": "true", "nilaidoc": "10000", "snOnly": "false", "tgldoc": ""}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, b'{"user":" a@b.id ","isUpload":true,"nilaidoc":10000,"snOnly":false,"tgldoc":null}'),
        ("", b'\xef\xbb\xbf {"user":"a@b.id","isUpload":"true","nilaidoc":1e4,"snOnly":false,"tgldoc":""}'),
        (FORM, b'{"user":"a@b.id","isUpload":true,"nilaidoc":10000.0,"snOnly":"false","tgldoc":null}'),
        ("", b"user=a%40b.id&isUpload=true&nilaidoc=10000&snOnly=false&tgldoc="),
        (JSON, b"user=a%40b.id&isUpload=true&nilaidoc=10000&snOnly=false&tgldoc="),
        (MULTIPART, b"".join(part(n, v.encode()) for n, v in WANTED.items()) + END),
    ],
)  # fmt: skip
async def test_a_body_is_read_in_every_form(kind: str, body: bytes) -> None:
    read = await said(body, kind)
    assert read.texts == WANTED
    assert (read.is_true("isUpload"), read.is_true("snOnly"), read.is_true("missing")) == (True, False, False)


async def test_query_and_body_are_one_and_the_body_counts() -> None:
    read = await said(b'{"filter":"B"}', query=b"filter=A&page=2")
    assert read.texts == {"filter": "B", "page": "2"}
    assert (await said(b"", query=b"filter=A%2FB+C")).text("filter") == "A/B C"
    nested = await said(b'{"document":[{"idfile":7}],"partial":true}')
    assert (nested.tree["document"], nested.text("document")) == ([{"idfile": 7}], "")
    (upload,) = (await said(part("file", b"%PDF", "a.pdf") + part("token", b"t") + END, MULTIPART)).uploads
    assert (upload.name, bytes(upload.content)) == ("a.pdf", b"%PDF")


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b'{"a":', "", "wire.unreadable"),
        (b"[1]", "", "wire.unreadable"),
        (b'{"a":' * 5_000, "", "wire.unreadable"),
        (b'{"a":"\xff"}', "application/json", "wire.unreadable"),
        (b'{"noid\\u0000":"x"}', "", "wire.characters"),
        (b'{"noidentitas":"1\\u00002"}', "", "wire.characters"),
        (b"a=%00", FORM, "wire.characters"),
        (part("a", b"\x00") + END, MULTIPART, "wire.characters"),
        (part("a", b"x"), MULTIPART, "form.unreadable"),
        (b"x", "multipart/form-data", "form.unreadable"),
        (b"&".join(b"a=1" for _ in range(999)), FORM, "wire.unreadable"),
        (b"x" * 300_000, "", "api.body_too_large"),
    ],
)
async def test_what_cannot_be_read_is_refused_by_name(body: bytes, kind: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        await said(body, kind)
    assert caught.value.code == code


STRANGE = [
    None, True, False, 0, -1, 2**63, 2**64, -(2**70), 10**400, 1.5, 1e300, -0.0, "", " ", "\x01", "'--", "%s",
    "a\x00b", "\ud7ff\u202e", "A" * 5_000, [], {}, [[[]]],
    {"a": {"b": None}}, "2026-02-30", "NaN", "١٢٣", "🧾",
]  # fmt: skip


async def test_random_bodies_are_read_or_refused() -> None:
    chance = random.Random(45)
    for _ in range(400):
        names = [chance.choice(["a", "", "token", "ü", "data"]) for _ in range(chance.randrange(6))]
        body = json.dumps({name: chance.choice(STRANGE) for name in names}, ensure_ascii=False).encode()
        if chance.random() < 0.4:
            at = chance.randrange(len(body))
            body = body[:at] + chance.randbytes(chance.randrange(4)) + body[at + 1 :]
        kind = chance.choice(["", FORM, JSON, MULTIPART, "multipart/form-data; boundary=", "x/y; ="])
        try:
            read = await said(body, kind, query=chance.randbytes(5))
        except Refusal:
            continue
        assert all(isinstance(text, str) and "\x00" not in text for text in read.texts.values())
        json.dumps(dict(read.texts)).encode()
