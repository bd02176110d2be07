"""Genuinely stamped files, from which every attack is made. Built once."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from unittest.mock import patch

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.timestamps import DummyTimeStamper

from meterai.kernel.serial_number import make_serial
from meterai.pdf.profiles import Profile
from meterai.stamping.in_jail.preparation import prepare_seal
from meterai.stamping.placement import Placement
from meterai.stamping.requests import SealRequest
from meterai.stamping.signer.cms import build_cms
from meterai.stamping.signer.filling import fill
from meterai.verification.model import Judgement
from sandbox.pki.authority import make_pki
from tests.attacks.signing import BLANK, signed_by_somebody
from tests.pdf.samples import page_file
from tests.pdf.sealing import SealingBench
from tests.verification.making import SERIAL, Stamper, letter, stamp

SUM = "Surat kuasa: jumlah Rp10.000.000"


@dataclass(frozen=True)
class Bases:
    """A PKI of the product's shape, and what was stamped under it."""

    folder: Path
    now: datetime
    _made: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path) -> Bases:
        now = datetime.now(UTC)
        return cls(folder=make_pki(folder / "pki", now=now - timedelta(days=100)), now=now)

    def __getitem__(self, name: str) -> bytes:
        """A genuine file by name (see GENUINE), or one on the way to it."""
        if name not in self._made:
            self._made[name] = (GENUINE | UNFINISHED)[name](self)
        return self._made[name]

    @cached_property
    def stamper(self) -> Stamper:
        return Stamper(self.folder)

    @cached_property
    def other_stamper(self) -> Stamper:
        """The same names, other keys."""
        return Stamper(make_pki(self.folder.with_name("other"), now=self.now - timedelta(days=100)))

    @cached_property
    def elliptic(self) -> Bases:
        """Another PKI, with keys on an elliptic curve."""
        folder = self.folder.with_name("elliptic")
        return Bases(folder=make_pki(folder, "p-256", now=self.now - timedelta(days=100)), now=self.now)

    @property
    def stamped_at(self) -> datetime:
        return self.now - timedelta(hours=1)

    @property
    def second_field(self) -> str:
        """Name of the second stamp's field in the file with two."""
        return f"Emet{make_serial(hashlib.sha256(b'stamp 1').digest())}"

    def judge(self, data: bytes, moment: datetime | None = None) -> Judgement:
        return self.stamper.judge(data, moment or self.now + timedelta(hours=1))

    def time_stamper(self, at: datetime | None = None) -> DummyTimeStamper:
        return self.stamper.time_stamper(at or self.stamped_at)

    def signed(self, data: bytes, certify: MDPPerm | None = None, **changed: object) -> bytes:
        """Stamped by plain pyHanko with our key: an approval unless `certify` says otherwise."""
        options: dict[str, object] = {"time_stamper": self.time_stamper(), "certify": certify} | changed
        return stamp(data, self.stamper, **options)  # type: ignore[arg-type]

    def signed_with_room(self, data: bytes) -> bytes:
        """As `signed`, with more room for the signature structure than it needs."""
        name = f"Emet{SERIAL}"
        signer = PdfSigner(
            PdfSignatureMetadata(
                field_name=name, reason=f"[{SERIAL}] Bea meterai", subfilter=SigSeedSubFilter.PADES
            ),
            signer=self.stamper.signer(),
            timestamper=self.time_stamper(),
            new_field_spec=SigFieldSpec(sig_field_name=name, box=(300, 100, 390, 190)),
        )
        out = io.BytesIO()
        with ThreadPoolExecutor(1) as thread:
            writer = IncrementalPdfFileWriter(io.BytesIO(data))
            thread.submit(signer.sign_pdf, writer, bytes_reserved=32_000, output=out).result()
        return out.getvalue()

    def sealed(
        self,
        data: bytes,
        count: int = 1,
        *,
        profile: Profile = Profile.FINAL,
        page: int = 1,
        first: int = 0,
        corner: tuple[float, float] = (40, 100),
        normalised: bool = False,
    ) -> list[bytes]:
        """Stamped by the product's engine: the file after each of `count` stamps, numbered from `first`.

        `corner`: where the stamp with number 0 would stand. They may cover something on a signed file, as a
        stamp of an attacker's engine may. `normalised`: by the product's reception.
        """
        left, bottom = corner
        places = {
            n: Placement(page=page, x=left + 100 * (n % 5), y=bottom + 100 * (n // 5), size=90)
            for n in range(first, first + count)
        }
        anywhere = patch("meterai.stamping.in_jail.preparation.refuse_covering")
        with anywhere, ThreadPoolExecutor(1) as thread:  # a test may have an event loop already
            sealing = self._seal(data, places, profile, normalised=normalised)
            return thread.submit(asyncio.run, sealing).result()

    async def _seal(
        self, data: bytes, places: dict[int, Placement], profile: Profile, *, normalised: bool
    ) -> list[bytes]:
        bench, versions = self._bench, []
        stamps = [bench.stamp(place, f"stamp {n}") for n, place in places.items()]
        for index in range(len(stamps)):
            request = SealRequest(
                data=data,
                normalised=normalised,
                stamps=stamps,
                index=index,
                profile=profile,
                signing_time=datetime.now(UTC),
            )
            prepared = prepare_seal(request)
            cms = await build_cms(prepared.digest, bench.key, bench.timestamper)
            data = fill(prepared.data, prepared.gap_start, prepared.gap_end, cms)
            versions.append(data)
        return versions

    @cached_property
    def _bench(self) -> SealingBench:
        return SealingBench(self.folder)


GENUINE: dict[str, Callable[[Bases], bytes]] = {
    "final": lambda b: b.sealed(letter(SUM))[0],
    "two": lambda b: b.sealed(letter(SUM), 2)[1],
    "to be signed": lambda b: b.sealed(letter(SUM), profile=Profile.SIGN_LATER)[0],
    "signed afterwards": lambda b: signed_by_somebody(b["to be signed"], name="Budi", box=BLANK),
    "poster": lambda b: b.sealed(page_file(media=(0, 0, 1684, 2384)), profile=Profile.SIGN_LATER)[0],
    "signed before": lambda b: b.sealed(signed_by_somebody(letter(SUM)), profile=Profile.SIGNED)[0],
    "stamped again": lambda b: b.sealed(b["to be signed"], profile=Profile.SIGNED, first=1)[0],
    "approval": lambda b: b.signed(letter(SUM)),
    "roomy": lambda b: b.signed_with_room(letter(SUM)),
    "certified": lambda b: b.signed(letter(SUM), MDPPerm.NO_CHANGES),
    "fillable": lambda b: b.signed(letter(SUM), MDPPerm.FILL_FORMS),
    "annotatable": lambda b: b.signed(letter(SUM), MDPPerm.ANNOTATE),
}
"""Every one of them must be judged genuine: they are the controls of the suite."""
UNFINISHED: dict[str, Callable[[Bases], bytes]] = {
    "first of two": lambda b: b.sealed(letter(SUM), 2)[0],
}
