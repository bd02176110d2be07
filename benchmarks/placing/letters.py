"""Sixty letters: statements, applications, contracts, powers of attorney, official and English letters."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.placing.model import (
    Block,
    Columns,
    Fields,
    Foot,
    Head,
    Letter,
    NewPage,
    Para,
    Right,
    Sign,
    Signer,
    Space,
    Style,
    Table,
    Title,
    make_letters,
)
from benchmarks.placing.words import (
    AGREEMENT,
    APPLY,
    ARTICLE,
    COMPANY,
    DISPUTE,
    ENGLISH,
    GOODS,
    OFFICE,
    OFFICIAL,
    OTHER,
    PERSON,
    PROMISE,
    STAMPED,
    TRUE,
    UNDERSIGNED,
)

_WRITERS = ("fpdf2", "chromium", "pikepdf")
_DATE = "Semarang, 1 Desember 2026"
_PARTIES = (
    Signer(before=("PIHAK PERTAMA,",), after=("Budi Santoso",), at=0.02),
    Signer(before=("PIHAK KEDUA,",), after=("Siti Rahmawati",), at=0.62),
)
_STYLES = (
    Style(),
    Style(font="times", size=12),
    Style(font="courier", size=10),
    Style(font="times", size=11, margin=72, leading=1.5),
    Style(font="helvetica", size=10, margin=54, leading=1.2),
)


def letters() -> list[Letter]:
    """The letters, each by one of the writers and in one of the styles."""
    return make_letters(_all(), writers=_WRITERS, styles=_STYLES)


def _all() -> Iterator[tuple[str, list[Block]]]:
    yield from _statements()
    yield from _applications()
    yield from _contracts()
    yield from _powers()
    yield from _tables()
    yield from _officials()
    yield from _english()
    yield from _columns()
    yield from _long()
    yield from _forms()


def _statement(*signers: Signer, paragraphs: int = 2) -> list[Block]:
    body: list[Block] = [Para(PROMISE)] * (paragraphs - 1)
    return [
        *(Title("SURAT PERNYATAAN"), Space(14), Para(UNDERSIGNED), PERSON, *body, Para(TRUE), Space(12)),
        Sign(signers),
    ]


def _statements() -> Iterator[tuple[str, list[Block]]]:
    name = ("Siti Rahmawati",)
    yield "statement", _statement(Signer(before=(_DATE, "Yang menyatakan,"), after=name))
    yield (
        "statement, stamp framed",
        _statement(
            Signer(
                before=(_DATE, "Yang membuat pernyataan,"),
                after=("(Siti Rahmawati)",),
                room=74,
                waiting="Meterai Rp10.000",
                framed=True,
            )
        ),
    )
    yield (
        "statement, old spelling",
        _statement(
            Signer(
                before=(_DATE, "Yang Menyatakan"),
                after=("Siti Rahmawati", "NIK 3374010405990001"),
                waiting="Materai 10.000",
            )
        ),
    )
    yield (
        "statement, left",
        _statement(
            Signer(before=(_DATE, "Pembuat Pernyataan,"), after=name, at=0.0, ruled=True), paragraphs=3
        ),
    )
    yield (
        "statement, centred",
        _statement(Signer(before=(_DATE, "Hormat saya,"), after=name, centred=True, at=0.5)),
    )
    yield (
        "statement, known by the head",
        _statement(
            Signer(
                before=("Mengetahui,", "Kepala Desa Sukamaju"), after=("( .................... )",), at=0.02
            ),
            Signer(
                before=(_DATE, "Yang membuat pernyataan,"), after=("( Siti Rahmawati )",), waiting="Meterai"
            ),
        ),
    )
    yield (
        "statement, dotted name",
        _statement(
            Signer(
                before=("................, .......... 2026", "Yang menyatakan,"),
                after=("(..................................)",),
            )
        ),
    )
    yield (
        "statement, full page",
        _statement(Signer(before=(_DATE, "Yang menyatakan,"), after=name), paragraphs=7),
    )


def _application(*blocks: Block, head: tuple[Block, ...] = (Right(_DATE),)) -> list[Block]:
    return [
        *head,
        Para("Kepada Yth. Panitia Seleksi Calon Pegawai di Jakarta"),
        Space(10),
        *(Para(APPLY), PERSON, Para(PROMISE)),
        Para("Demikian permohonan ini saya sampaikan. Atas perhatian Bapak/Ibu saya ucapkan terima kasih."),
        *blocks,
    ]


def _applications() -> Iterator[tuple[str, list[Block]]]:
    name = ("Siti Rahmawati",)
    yield "application", _application(Sign((Signer(before=("Hormat saya,",), after=name),)))
    yield (
        "application, stamp waits",
        _application(
            Sign((Signer(before=("Hormat saya,",), after=name, waiting="Materai Rp. 10.000,-", room=80),))
        ),
    )
    yield (
        "application, applicant",
        _application(Sign((Signer(before=("Pemohon,",), after=("(Siti Rahmawati)",), at=0.66, width=130),))),
    )
    yield (
        "application, attachments below",
        _application(
            Sign((Signer(before=("Salam hormat,",), after=name),)),
            Para("Lampiran:"),
            Para("1. Salinan ijazah  2. Salinan KTP  3. Pasfoto  4. Surat keterangan sehat"),
        ),
    )
    yield (
        "application, left",
        _application(Sign((Signer(before=("Hormat saya,",), after=name, at=0.0),)), head=(Para(_DATE),)),
    )
    yield (
        "application, signature word",
        _application(
            Sign((Signer(before=(_DATE, "Tanda tangan pelamar"), after=name, ruled=True),)), head=()
        ),
    )


def _contract(*blocks: Block, articles: int = 3) -> list[Block]:
    body = [
        block
        for number in range(1, articles + 1)
        for block in (Title(f"Pasal {number}"), Para(ARTICLE if number % 2 else DISPUTE))
    ]
    return [
        *(
            Title("SURAT PERJANJIAN SEWA"),
            Para(UNDERSIGNED),
            OTHER,
            Para("selanjutnya disebut PIHAK PERTAMA;"),
        ),
        *(PERSON, Para("selanjutnya disebut PIHAK KEDUA."), *body, Para(STAMPED), *blocks),
    ]


def _contracts() -> Iterator[tuple[str, list[Block]]]:
    yield "contract", _contract(Sign(_PARTIES), articles=2)
    yield (
        "contract, one stamp",
        _contract(
            Sign(
                (
                    Signer(before=("Pihak Pertama",), after=("(Budi Santoso)",), at=0.0),
                    Signer(before=("Pihak Kedua",), after=("(Siti Rahmawati)",), at=0.6, waiting="Meterai"),
                )
            ),
            articles=2,
        ),
    )
    yield (
        "contract, witnesses",
        _contract(
            Sign(_PARTIES),
            Para("Saksi-saksi:"),
            Sign(
                (
                    Signer(before=("Saksi I",), after=("( ................ )",), at=0.02, room=40),
                    Signer(before=("Saksi II",), after=("( ................ )",), at=0.62, room=40),
                )
            ),
            articles=1,
        ),
    )
    yield "contract, second page", _contract(Sign(_PARTIES), articles=6)
    yield (
        "contract, close together",
        _contract(
            Sign(
                (
                    Signer(
                        before=("PIHAK PERTAMA",), after=("BUDI SANTOSO",), at=0.1, centred=True, width=160
                    ),
                    Signer(
                        before=("PIHAK KEDUA",), after=("SITI RAHMAWATI",), at=0.55, centred=True, width=160
                    ),
                )
            ),
            articles=2,
        ),
    )
    yield (
        "contract, lessor",
        _contract(
            Sign(
                (
                    Signer(before=("Yang menyewakan,",), after=("Budi Santoso",), at=0.0),
                    Signer(before=("Penyewa,",), after=("Siti Rahmawati",), at=0.65),
                )
            ),
            articles=2,
        ),
    )
    yield (
        "contract, date above",
        _contract(
            Right(_DATE),
            Sign(
                (
                    Signer(before=("Penjual",), after=("Budi Santoso",), at=0.05, ruled=True, width=130),
                    Signer(before=("Pembeli",), after=("Siti Rahmawati",), at=0.65, ruled=True, width=130),
                )
            ),
            articles=1,
        ),
    )
    yield (
        "contract, footer",
        [Foot("Halaman perjanjian, paraf: ____ / ____"), *_contract(Sign(_PARTIES), articles=2)],
    )


def _power(*signers: Signer) -> list[Block]:
    return [
        *(Title("SURAT KUASA"), Para(UNDERSIGNED), PERSON, Para("dengan ini memberi kuasa kepada:"), OTHER),
        Para("untuk mengambil dokumen atas nama pemberi kuasa. Demikian surat kuasa ini dibuat."),
        Sign(signers),
    ]


def _powers() -> Iterator[tuple[str, list[Block]]]:
    taker = Signer(before=("Penerima Kuasa,",), after=("Budi Santoso",), at=0.0)
    yield (
        "power, stamp waits",
        _power(
            taker,
            Signer(
                before=("Pemberi Kuasa,",),
                after=("Siti Rahmawati",),
                at=0.62,
                waiting="Meterai 10.000",
                framed=True,
            ),
        ),
    )
    yield "power", _power(taker, Signer(before=(_DATE, "Pemberi Kuasa"), after=("Siti Rahmawati",), at=0.62))
    yield (
        "power, words",
        _power(
            Signer(before=("Yang menerima kuasa,",), after=("(Budi Santoso)",), at=0.0),
            Signer(before=("Yang memberi kuasa,",), after=("(Siti Rahmawati)",), at=0.6, waiting="e-Meterai"),
        ),
    )
    yield "power, one", _power(Signer(before=(_DATE, "Pemberi kuasa,"), after=("Siti Rahmawati",), at=0.3))


def _tables() -> Iterator[tuple[str, list[Block]]]:
    yield (
        "offer",
        [
            *(COMPANY, Title("SURAT PENAWARAN HARGA"), Para(OFFICIAL), GOODS),
            Sign((Signer(before=("Hormat kami,",), after=("Andi Wijaya", "Direktur"), at=0.0),)),
        ],
    )
    yield (
        "invoice",
        [
            *(
                COMPANY,
                Title("FAKTUR"),
                Fields((("Nomor", "INV/2026/118"), ("Tanggal", "1 Desember 2026"))),
                GOODS,
            ),
            Para("Pembayaran melalui rekening 123 456 7890 atas nama PT Contoh Makmur Sentosa."),
            Sign((Signer(before=("Bekasi, 1 Desember 2026",), after=("Andi Wijaya", "Direktur"), at=0.6),)),
        ],
    )
    yield (
        "receipt",
        [
            Title("KUITANSI"),
            Fields(
                (
                    ("Telah terima dari", "Budi Santoso"),
                    ("Uang sejumlah", "dua puluh lima juta rupiah"),
                    ("Untuk pembayaran", "sewa rumah satu tahun"),
                )
            ),
            Sign(
                (
                    Signer(
                        before=("Solo, 1 Desember 2026", "Yang menerima,"),
                        after=("Siti Rahmawati",),
                        at=0.6,
                        waiting="Meterai",
                    ),
                )
            ),
        ],
    )
    yield (
        "handover",
        [
            *(Title("BERITA ACARA SERAH TERIMA"), Para(ARTICLE), GOODS),
            Sign(
                (
                    Signer(before=("Yang menyerahkan,",), after=("Budi Santoso",), at=0.0),
                    Signer(before=("Yang menerima,",), after=("Siti Rahmawati",), at=0.62),
                )
            ),
        ],
    )
    yield (
        "table after the signature",
        [
            *(Title("SURAT PERNYATAAN PERTANGGUNGJAWABAN"), Para(TRUE)),
            Sign((Signer(before=(_DATE, "Yang menyatakan,"), after=("Siti Rahmawati",)),)),
            *(Space(20), Para("Rincian belanja:"), GOODS, GOODS),
        ],
    )


def _official(*blocks: Block, head: Head = OFFICE) -> list[Block]:
    return [
        *(head, Fields((("Nomor", "B-118/2026"), ("Lampiran", "-"), ("Hal", "Jawaban permohonan")))),
        *(Para(OFFICIAL), Para(OFFICIAL), *blocks),
    ]


def _officials() -> Iterator[tuple[str, list[Block]]]:
    chief = Signer(
        before=("Kepala Dinas,",), after=("Dra. Endang Lestari, M.Si.", "NIP 196804121990032001"), at=0.52
    )
    copies = Para("Tembusan: 1. Wali Kota Contoh  2. Sekretaris Daerah  3. Arsip")
    yield "official", _official(Sign((chief,)))
    yield "official, copies", _official(Sign((chief,)), Space(16), copies)
    yield (
        "official, on behalf",
        _official(
            Sign(
                (
                    Signer(
                        before=("Contoh, 1 Desember 2026", "a.n. Kepala Dinas", "Sekretaris,"),
                        after=("Drs. Joko Susilo", "NIP 197001011995031002"),
                        at=0.52,
                    ),
                )
            ),
            copies,
        ),
    )
    yield (
        "company letter",
        _official(
            Sign(
                (
                    Signer(
                        before=("Hormat kami,", "PT Contoh Makmur Sentosa"),
                        after=("Andi Wijaya", "Direktur Utama"),
                        at=0.0,
                    ),
                )
            ),
            head=COMPANY,
        ),
    )
    yield (
        "reference",
        _official(
            Sign(
                (Signer(before=("Bekasi, 1 Desember 2026", "Manajer Personalia,"), after=("Rina Kartika",)),)
            ),
            head=COMPANY,
        ),
    )
    yield "name alone", _official(Sign((Signer(after=("Rina Kartika",), at=0.6, room=70),)), head=COMPANY)


def _english_letter(*blocks: Block) -> list[Block]:
    return [
        Para("1 December 2026"),
        Para("Human Resources Department, PT Contoh Makmur Sentosa, Bekasi"),
        *(Para("Dear Sir or Madam,"), Para(ENGLISH), Para(ENGLISH), *blocks),
    ]


def _english() -> Iterator[tuple[str, list[Block]]]:
    name = ("Siti Rahmawati",)
    yield "sincerely", _english_letter(Sign((Signer(before=("Yours sincerely,",), after=name, at=0.0),)))
    yield "faithfully", _english_letter(Sign((Signer(before=("Yours faithfully,",), after=name, at=0.55),)))
    yield (
        "regards",
        _english_letter(
            Sign((Signer(before=("Best regards,",), after=(*name, "Finance Manager"), at=0.0),)),
            Para("Enclosures: curriculum vitae, certificate"),
        ),
    )
    yield (
        "signature line",
        _english_letter(
            Sign(
                (
                    Signer(after=("Signature",), ruled=True, at=0.0, room=50, width=150),
                    Signer(after=("Date",), ruled=True, at=0.6, room=50, width=110),
                )
            )
        ),
    )
    agreement: list[Block] = [Title("SERVICE AGREEMENT"), *[Para(AGREEMENT)] * 4]
    yield (
        "agreement",
        [
            *agreement,
            Sign(
                (
                    Signer(
                        before=("Signed by",),
                        after=("Budi Santoso", "First Party"),
                        ruled=True,
                        at=0.0,
                        width=150,
                    ),
                    Signer(
                        before=("Signed by",), after=(*name, "Second Party"), ruled=True, at=0.6, width=150
                    ),
                )
            ),
        ],
    )
    yield (
        "agreement, for the parties",
        [
            *agreement,
            Sign(
                (
                    Signer(before=("For and on behalf of ABC Ltd",), after=("Name: John Smith",), at=0.0),
                    Signer(
                        before=("For and on behalf of XYZ",), after=("Name: Jane Doe",), at=0.6, width=160
                    ),
                )
            ),
        ],
    )
    yield (
        "both languages",
        [
            *(Title("STATEMENT LETTER / SURAT PERNYATAAN"), Para(ENGLISH), Para(TRUE)),
            Sign((Signer(before=(_DATE, "Hormat saya / Sincerely,"), after=name, waiting="Meterai"),)),
        ],
    )
    yield (
        "authorized signature",
        [
            *(COMPANY, Title("PURCHASE ORDER"), GOODS, Para(AGREEMENT)),
            Sign((Signer(after=("Authorized Signature",), ruled=True, at=0.6, width=150),)),
        ],
    )


def _columns() -> Iterator[tuple[str, list[Block]]]:
    both = [Columns(f"{ARTICLE} {DISPUTE} {ARTICLE}", f"{AGREEMENT} {AGREEMENT} {AGREEMENT} {AGREEMENT}")]
    head: list[Block] = [Title("PERJANJIAN / AGREEMENT"), *both]
    yield "two columns", [*head, Sign(_PARTIES)]
    yield (
        "two columns, both languages",
        [
            *head,
            Sign(
                (
                    Signer(before=("Pihak Pertama / First Party",), after=("Budi Santoso",), at=0.0),
                    Signer(before=("Pihak Kedua / Second Party",), after=("Siti Rahmawati",), at=0.56),
                )
            ),
        ],
    )
    yield (
        "two columns, one signer",
        [*head, Sign((Signer(before=("Yang menyatakan,",), after=("Siti Rahmawati",), at=0.56),))],
    )
    yield (
        "two columns, narrow",
        [*head, *both, Sign((Signer(before=("Hormat kami,",), after=("Budi Santoso",), at=0.3),))],
    )


def _long() -> Iterator[tuple[str, list[Block]]]:
    pages: list[Block] = [Title("PERJANJIAN KERJA"), *[Para(ARTICLE), Para(DISPUTE)] * 9]
    annex: list[Block] = [NewPage(), Title("LAMPIRAN"), GOODS, Para(OFFICIAL)]
    one = Sign((Signer(before=(_DATE, "Yang menyatakan,"), after=("Siti Rahmawati",)),))
    yield "long", [*pages, NewPage(), Para(STAMPED), Sign(_PARTIES)]
    yield "long, signature alone on its page", [*pages, NewPage(), one]
    yield "annex after the signature", [*_statement()[:-1], one, *annex]
    yield (
        "two annexes",
        [*_statement()[:-1], one, *annex, NewPage(), Title("LAMPIRAN 2"), *[Para(ARTICLE)] * 5],
    )
    yield "blank page at the end", [*_statement()[:-1], one, NewPage()]
    yield "page numbers", [Foot("Halaman dokumen perjanjian kerja"), *pages, NewPage(), Para(STAMPED), one]
    yield (
        "long, no words",
        [*pages, NewPage(), Para(OFFICIAL), Sign((Signer(after=("Rina Kartika",), at=0.6),))],
    )


def _forms() -> Iterator[tuple[str, list[Block]]]:
    rows = (("No", "Nama", "Jabatan"), ("1", "Budi", "Ketua"), ("2", "Siti", "Bendahara"))
    dots = "." * 40
    yield (
        "form",
        [
            *(
                Title("FORMULIR PENDAFTARAN"),
                Fields(tuple((name, dots) for name in ("Nama", "NIK", "Alamat", "Telepon"))),
            ),
            *(Para(TRUE), Sign((Signer(before=("Tanda tangan",), after=("(nama terang)",), at=0.6),))),
        ],
    )
    yield (
        "consent of parents",
        [
            *(Title("SURAT IZIN ORANG TUA"), Para(UNDERSIGNED), OTHER, Para(OFFICIAL)),
            Sign(
                (
                    Signer(before=("Mengetahui,", "Ketua RT 03"), after=("(....................)",), at=0.0),
                    Signer(
                        before=("Solo, ............... 2026", "Orang Tua/Wali,"),
                        after=("(....................)",),
                        at=0.6,
                    ),
                )
            ),
        ],
    )
    yield (
        "minutes",
        [
            *(Title("NOTULA RAPAT"), Para(OFFICIAL), Table(rows), Para(DISPUTE)),
            Sign(
                (
                    Signer(before=("Ketua,",), after=("Budi Santoso",), at=0.0, width=130),
                    Signer(before=("Sekretaris,",), after=("Rina Kartika",), at=0.37, width=130),
                    Signer(before=("Bendahara,",), after=("Siti Rahmawati",), at=0.72, width=110),
                )
            ),
        ],
    )
    yield (
        "signature after a colon",
        [
            *(Title("LEMBAR PERSETUJUAN"), Para(TRUE), Para("Nama: Siti Rahmawati")),
            Sign(
                (
                    Signer(
                        after=("Tanda tangan : ..............................",), at=0.0, room=36, width=220
                    ),
                )
            ),
        ],
    )
