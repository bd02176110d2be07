"""The adapter stamps files of a shared folder; only hashes leave the machine."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pikepdf
import pytest

from meterai.adapter.journal import Journal
from meterai.adapter.shared_folder import SharedFolder
from meterai.kernel.refusals import Refusal
from tests.adapter.conftest import ADDRESS, Premises, order, serial
from tests.adapter.stand_in import make_bench
from tests.pdf import samples, signed_files
from tests.web.asking import ask


def stamped_in(data: bytes) -> Any:
    """The signature dictionary of the newest stamp."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        field = [one for one in pdf.Root["/AcroForm"]["/Fields"] if str(one["/T"]).startswith("Emet")][-1]
        return {name: str(field["/V"].get(name)) for name in ("/Name", "/Reason", "/SubFilter", "/Location")}


async def test_pdfsig_accepts_a_file_whose_hash_was_signed(
    premises: Premises, bench: Any, tmp_path: Path
) -> None:
    (premises.root / "surat.pdf").write_bytes(samples.letter(2))
    assert await premises.sign(certificatelevel="NO_CHANGES_ALLOWED") == {
        "status": "True",
        "errorCode": "00",
        "errorMessage": "-",
    }
    said = stamped_in(premises.made.read_bytes())
    assert said["/Reason"] == f"[{serial()}] Surat Perjanjian"
    assert (said["/SubFilter"], said["/Location"]) == ("/ETSI.CAdES.detached", "JAKARTA")
    shown = subprocess.run(["pdfsig", "-nocert", premises.made], capture_output=True, text=True).stdout
    assert "Signature is Valid" in shown
    assert "Total document signed" in shown
    assert premises.service.tokens == {"Bearer token-1"}
    (_, chain), (_, signing), _ = premises.service.asked
    assert set(chain) == {"profileName", "systemId", "refToken"}
    assert b"%PDF" not in json.dumps(signing).encode()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/adapter//pdfsigning/rest//docSigningZ/", "application/json"),
        (ADDRESS, "application/x-www-form-urlencoded"),
    ],
)
async def test_clients_send_slashes_and_forms_as_they_like(premises: Premises, path: str, kind: str) -> None:
    (premises.root / "surat.pdf").write_bytes(samples.letter())
    sent = order(visSignaturePage=7, src="sharefolder/surat.pdf", dest=str(premises.made))
    body = json.dumps(sent) if kind.endswith("json") else urlencode(sent)
    answer = await ask(
        premises.application, path, method="POST", headers={"content-type": kind}, body=body.encode()
    )
    assert json.loads(answer.text)["errorCode"] == "00"
    assert premises.made.exists()


async def test_it_welcomes(premises: Premises) -> None:
    for path in ("/adapter/", "/adapter"):
        said = json.loads((await ask(premises.application, path)).text)
        assert said["version"]
        assert said["documentationUrl"] == "https://meterai.example/pengembang/kawat"


async def test_a_signed_file_keeps_its_signatures(premises: Premises) -> None:
    source = signed_files.by_budi()
    (premises.root / "surat.pdf").write_bytes(source)
    assert (await premises.sign(visLLX=200, visURX=260, visLLY=100, visURY=160))["errorCode"] == "00"
    assert premises.made.read_bytes().startswith(source)


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"reason": ""}, "90", "reason"),
        ({"spesimenPath": None}, "90", "spesimenPath"),
        ({"src": "/sharefolder/../secret.pdf"}, "90", "src"),
        ({"src": "/sharefolder/lost.pdf"}, "90", "src"),
        ({"src": "/sharefolder/link.pdf"}, "90", "src"),
        ({"dest": "/sharefolder/surat.pdf"}, "90", "dest"),
        ({"certificatelevel": "SOME"}, "90", "certificatelevel"),
        ({"visLLX": "left"}, "90", "visLLX"),
        ({"profileName": "other"}, "91", ""),
        ({"refToken": "SHORT"}, "92", ""),
        ({"src": "/sharefolder/locked.pdf"}, "82", ""),
        ({"src": "/sharefolder/broken.pdf"}, "82", ""),
        ({"src": "/sharefolder/certified.pdf"}, "83", ""),
        ({"src": "/sharefolder/changed.pdf"}, "81", ""),
    ],
)
async def test_it_refuses_with_the_codes_of_the_contract(
    premises: Premises, changes: dict[str, Any], code: str, says: str
) -> None:
    files = {
        "surat": samples.letter(),
        "locked": samples.encrypted(),
        "broken": b"%PDF-1.7\nno",
        "certified": signed_files.certified(signed_files.MDPPerm.NO_CHANGES),
        "changed": signed_files.broken(),
    }
    for name, data in files.items():
        (premises.root / f"{name}.pdf").write_bytes(data)
    (premises.root.parent / "secret.pdf").write_bytes(samples.letter())
    (premises.root / "link.pdf").symlink_to(premises.root.parent / "secret.pdf")
    refused = await premises.sign(**changes)
    assert (refused["errorCode"], says in refused["errorMessage"]) == (code, True), refused
    assert not premises.made.exists()
    assert (premises.root / "surat.pdf").exists()
    assert premises.service.count("docSigningB") == 0, "no stamp is used"


async def test_it_takes_the_password_of_a_file(premises: Premises) -> None:
    (premises.root / "surat.pdf").write_bytes(samples.encrypted("rahasia"))
    assert (await premises.sign(docpass="wrong"))["errorCode"] == "82"
    assert (await premises.sign(docpass="rahasia"))["errorCode"] == "00"


@pytest.mark.parametrize(
    ("name", "failing", "code"),
    [
        ("getSignerCertChain", "cut", "93"),
        ("getSignerCertChain", {"errorCode": "00", "certs": ["AAAA"], "stampCode": "X"}, "94"),
        ("docSigningB", "cut", "95"),
        ("docSigningB", {"errorCode": "00", "data": "AAAA"}, "96"),
        ("docSigningB", {"errorCode": "92", "errorMessage": "words of the service"}, "92"),
        ("timestamp", True, "97"),
    ],
)
async def test_after_a_lost_answer_a_repeat_goes_on_with_the_same_hash(
    premises: Premises, name: str, failing: Any, code: str
) -> None:
    (premises.root / "surat.pdf").write_bytes(samples.letter())
    premises.service.fails[name] = failing
    premises.made.write_bytes(b"an older file")
    refused = await premises.sign()
    assert refused["errorCode"] == code
    assert not premises.made.exists()
    premises.service.fails.clear()
    assert (await premises.sign(retryFlag="1"))["errorCode"] == "00"
    hashes = {body["data"] for asked, body in premises.service.asked if asked == "docSigningB"}
    assert len(hashes) == 1
    assert len(premises.service.signed[serial()][1]) == 1


async def test_a_key_that_was_replaced_meanwhile_gets_a_hash_of_its_own(
    premises: Premises, tmp_path: Path
) -> None:
    (premises.root / "surat.pdf").write_bytes(samples.letter())
    premises.service.fails["docSigningB"] = "cut"
    assert (await premises.sign())["errorCode"] == "95"
    premises.service.fails.clear()
    premises.service.bench = make_bench(tmp_path, "p-256")
    assert (await premises.sign(retryFlag="1"))["errorCode"] == "00"
    assert len(premises.service.signed[serial()][1]) == 1


async def test_a_repeat_of_a_finished_file_asks_for_nothing(premises: Premises) -> None:
    (premises.root / "surat.pdf").write_bytes(samples.letter())
    assert (await premises.sign())["errorCode"] == "00"
    first, written = premises.made.read_bytes(), premises.made.stat().st_mtime_ns
    asked = len(premises.service.asked)
    assert (await premises.sign(retryFlag="1"))["errorCode"] == "00"
    assert premises.made.stat().st_mtime_ns == written
    premises.made.unlink()  # the client has moved it
    assert (await premises.sign())["errorCode"] == "00"
    assert premises.made.read_bytes() == first
    assert len(premises.service.asked) == asked


async def test_another_file_for_a_serial_number_is_refused_and_the_first_stays(premises: Premises) -> None:
    (premises.root / "surat.pdf").write_bytes(samples.letter())
    assert (await premises.sign())["errorCode"] == "00"
    (premises.root / "surat.pdf").write_bytes(samples.letter(2))
    assert (await premises.sign())["errorCode"] == "96"
    assert premises.made.exists(), "its stamp is used"
    assert premises.service.count("docSigningB") == 1


async def test_many_documents_at_once(premises: Premises) -> None:
    for number in (1, 2, 3):
        (premises.root / f"{number}.pdf").write_bytes(samples.letter(number))
    orders = [
        premises.sign(src=f"{number}.pdf", dest=f"/sharefolder/{number}-jadi.pdf", refToken=serial(number))
        for number in (1, 2, 3, 1)
    ]
    assert [one["errorCode"] for one in await asyncio.gather(*orders)] == ["00"] * 4
    assert premises.service.count("docSigningB") == 3
    for number in (1, 2, 3):
        said = stamped_in((premises.root / f"{number}-jadi.pdf").read_bytes())
        assert said["/Reason"].startswith(f"[{serial(number)}]")
    assert not premises.adapter.turns.locks


def test_nothing_outside_of_the_folder_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x.pdf").write_bytes(b"x")
    (tmp_path / "in" / "way").symlink_to(tmp_path / "out")
    folder = SharedFolder(tmp_path / "in")
    for path in ("../out/x.pdf", "/sharefolder/a/../../x", "/", "/sharefolder", "a\0b", "a" * 300):
        with pytest.raises(Refusal):
            folder.parts("src", path)
    assert folder.parts("src", f"{tmp_path}/in/deep/x.pdf") == ("deep", "x.pdf")
    assert folder.parts("src", f"{tmp_path}/out/x.pdf") != ("x.pdf",)
    with pytest.raises(OSError):
        folder.write(("way", "y.pdf"), b"y")
    assert os.listdir(tmp_path / "out") == ["x.pdf"]
    folder.write(("deep", "y.pdf"), b"y")
    assert os.listdir(tmp_path / "in" / "deep") == ["y.pdf"]


async def test_old_entries_are_deleted(premises: Premises, tmp_path: Path) -> None:
    (premises.root / "surat.pdf").write_bytes(samples.letter())
    await premises.sign()
    journal = Journal(tmp_path / "journal")
    assert journal.delete_old(7) == 0
    for path in (tmp_path / "journal").iterdir():
        os.utime(path, (0, 0))
    assert journal.delete_old(7) == 2
    assert journal.find(serial()) is None  # type: ignore[arg-type]
