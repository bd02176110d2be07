"""Letters that were written before anybody saw what is proposed for them. No rule is made after them."""

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

_WRITERS = ("chromium", "pikepdf", "fpdf2")
_STYLES = (
    Style(font="times", size=12, margin=85, leading=1.5),
    Style(font="helvetica", size=9.5, margin=50),
    Style(font="helvetica", size=11.5, margin=70, leading=1.4),
    Style(font="courier", size=9.5, margin=60, leading=1.25),
)
_DEBT = (
    "Saya mengakui dengan sesungguhnya telah meminjam uang sebesar Rp15.000.000 (lima belas juta "
    "rupiah) dan akan mengembalikannya dalam sepuluh kali angsuran setiap tanggal 5, dimulai bulan "
    "Januari 2027 sampai lunas."
)
_HEIRS = (
    "Kami para ahli waris dari almarhum Bapak Sugeng menyatakan bahwa tidak ada ahli waris lain selain "
    "kami, dan apabila pernyataan ini tidak benar kami bersedia mempertanggungjawabkannya di hadapan "
    "hukum."
)
_RESIGN = (
    "Melalui surat ini saya mengundurkan diri dari jabatan staf gudang terhitung mulai tanggal 31 "
    "Desember 2026. Terima kasih atas kesempatan dan bimbingan yang diberikan kepada saya selama enam "
    "tahun bekerja."
)
_SECRET = (
    "The Recipient shall keep all information confidential, shall use it only for the purpose stated "
    "above, and shall return or destroy every copy within ten days after a written request by the "
    "Discloser."
)
_LAND = (
    "Tanah dengan luas 240 meter persegi tersebut berbatasan di sebelah utara dengan jalan desa, di "
    "sebelah timur dengan tanah Pak Karto, di sebelah selatan dengan sungai, dan di sebelah barat "
    "dengan tanah wakaf."
)
_DECREE = (
    "Menimbang bahwa untuk kelancaran pelaksanaan kegiatan perlu ditetapkan panitia; mengingat "
    "peraturan yang berlaku; memutuskan menetapkan susunan panitia sebagaimana tercantum dalam lampiran"
    " keputusan ini."
)
_WHO = Fields((("Nama lengkap", "Wahyu Hidayat"), ("Umur", "34 tahun"), ("Nomor KTP", "3517081203920004")))
_SHOP = Head(("CV TANI SUBUR", "Pasar Induk Blok A Nomor 17, Jombang", "Telepon 0321 555 111"))
_ITEMS = Table(
    (("Barang", "Banyak", "Satuan"), ("Pupuk urea", "40", "karung"), ("Bibit jagung", "12", "kilogram"))
)


def unseen_letters() -> list[Letter]:
    """The letters, each by one of the writers and in one of the styles."""
    return make_letters(_all(), writers=_WRITERS, styles=_STYLES)


def _all() -> Iterator[tuple[str, list[Block]]]:
    yield from _debts()
    yield from _people()
    yield from _offices()
    yield from _foreign()
    yield from _unusual()


def _debts() -> Iterator[tuple[str, list[Block]]]:
    yield (
        "debt",
        [
            *(
                Title("SURAT PENGAKUAN UTANG"),
                Para("Saya yang bertanda tangan di bawah ini"),
                _WHO,
                Para(_DEBT),
            ),
            Right("Jombang, 20 November 2026"),
            Sign(
                (
                    Signer(
                        before=("Pemberi Pinjaman",), after=("Hj. Aminah",), at=0.0, centred=True, width=140
                    ),
                    Signer(
                        before=("Peminjam",),
                        after=("Wahyu Hidayat",),
                        at=0.66,
                        centred=True,
                        width=140,
                        waiting="Materai Rp10.000",
                        room=66,
                    ),
                )
            ),
            Para("Saksi: 1. Sutrisno (............)  2. Darmi (............)"),
        ],
    )
    yield (
        "land sale",
        [
            *(Title("SURAT JUAL BELI TANAH"), _WHO, Para(_LAND), Para(_DEBT), Para(_LAND)),
            Sign(
                (
                    Signer(before=("Pihak Penjual,",), after=("( Wahyu Hidayat )",), at=0.05, width=150),
                    Signer(before=("Pihak Pembeli,",), after=("( Sutrisno )",), at=0.6, width=150),
                )
            ),
            Sign(
                (
                    Signer(
                        before=("Mengetahui,", "Kepala Desa Ngoro"),
                        after=("( H. Masduki )",),
                        at=0.33,
                        centred=True,
                    ),
                )
            ),
        ],
    )
    yield (
        "stamp tax words",
        [
            *(Title("PERNYATAAN KESANGGUPAN"), _WHO, Para(_DEBT)),
            Sign(
                (
                    Signer(
                        before=("Jombang, 20-11-2026", "Yang berjanji,"),
                        after=("Wahyu Hidayat",),
                        waiting="Tempel Meterai Rp10.000",
                        framed=True,
                        room=80,
                        at=0.5,
                    ),
                )
            ),
        ],
    )
    yield (
        "receipt on half a page",
        [
            *(Title("TANDA TERIMA"), _SHOP, _ITEMS),
            Sign(
                (
                    Signer(
                        before=("Penerima,",), after=("(..................)",), at=0.0, room=44, width=130
                    ),
                    Signer(before=("Hormat kami,",), after=("CV Tani Subur",), at=0.65, room=44, width=130),
                )
            ),
        ],
    )


def _people() -> Iterator[tuple[str, list[Block]]]:
    yield (
        "heirs",
        [
            *(
                Title("SURAT PERNYATAAN AHLI WARIS"),
                _WHO,
                Para(_HEIRS),
                Para("Kami yang membuat pernyataan:"),
            ),
            Sign((Signer(after=("1. Wahyu Hidayat",), at=0.0), Signer(after=("2. Wulan Sari",), at=0.55))),
            Sign((Signer(after=("3. Wiwik Astuti",), at=0.0), Signer(after=("4. Widodo",), at=0.55))),
        ],
    )
    yield (
        "resignation",
        [
            *(
                Right("Jombang, 20 November 2026"),
                Para("Yth. Pimpinan CV Tani Subur"),
                Para(_RESIGN),
                Para(_RESIGN),
            ),
            Sign((Signer(before=("Hormat saya",), after=("Wahyu Hidayat",), at=0.7, width=120),)),
        ],
    )
    yield (
        "internship",
        [
            *(Title("SURAT PERNYATAAN MAGANG"), _WHO, Para(_RESIGN), Para(_HEIRS)),
            Sign(
                (
                    Signer(before=("Menyetujui,", "Orang tua"), after=("Sugiarti",), at=0.0, width=150),
                    Signer(
                        before=("Surabaya, 20/11/2026", "Mahasiswa"),
                        after=("Wahyu Hidayat", "NIM 2041720099"),
                        at=0.6,
                    ),
                )
            ),
            Sign(
                (Signer(before=("Dosen Pembimbing,",), after=("Dr. Retno, M.T.", "NIDN 0712118001"), at=0.3),)
            ),
        ],
    )
    yield (
        "complaint",
        [
            *(Para("Perihal: keberatan atas tagihan"), Para(_DEBT), Para(_LAND), Para("Terima kasih.")),
            Sign((Signer(before=("Wassalam,",), after=("Wahyu Hidayat",), at=0.0),)),
        ],
    )
    yield (
        "marriage status",
        [
            *(Title("SURAT KETERANGAN BELUM MENIKAH"), Para("Saya yang bertanda tangan di bawah ini"), _WHO),
            Para(_HEIRS),
            Sign(
                (
                    Signer(
                        before=("Jombang, ........................ 2026", "Yang bersangkutan,"),
                        after=("( ______________________ )", "nama dan tanda tangan"),
                        centred=True,
                        at=0.45,
                        width=200,
                    ),
                )
            ),
        ],
    )


def _offices() -> Iterator[tuple[str, list[Block]]]:
    yield (
        "decree",
        [
            *(
                Head(("SEKOLAH DASAR NEGERI 5", "Jalan Pendidikan 9")),
                Title("KEPUTUSAN"),
                Para(_DECREE),
                Para(_DECREE),
            ),
            Sign(
                (
                    Signer(
                        before=("Ditetapkan di Jombang", "pada tanggal 2 November 2026", "KEPALA SEKOLAH,"),
                        after=("SRI WAHYUNI, S.Pd.", "NIP. 19750505 200003 2 004"),
                        at=0.5,
                        width=190,
                    ),
                )
            ),
            Space(10),
            *(
                Para("Salinan keputusan ini disampaikan kepada:"),
                Para("1. Kepala Dinas Pendidikan"),
                Para("2. Arsip"),
            ),
        ],
    )
    yield (
        "warning letter",
        [
            *(
                _SHOP,
                Fields((("Nomor", "07/SP/XI/2026"), ("Perihal", "Surat peringatan pertama"))),
                Para(_RESIGN),
            ),
            Sign(
                (
                    Signer(
                        before=("Jombang, 3 November 2026", "CV Tani Subur"),
                        after=("Hendra Gunawan", "Pemilik"),
                        at=0.0,
                    ),
                    Signer(before=("", "Diterima oleh,"), after=("Wahyu Hidayat",), at=0.6),
                )
            ),
        ],
    )
    yield (
        "minutes of inspection",
        [
            *(Title("BERITA ACARA PEMERIKSAAN BARANG"), Para(_DECREE), _ITEMS, _ITEMS),
            Para("Demikian berita acara ini dibuat untuk dipergunakan seperlunya. Panitia pemeriksa:"),
            Table(
                (
                    ("Nama", "Jabatan", "Tanda tangan"),
                    ("Hendra", "Ketua", "1 ............"),
                    ("Wulan", "Anggota", "2 ............"),
                )
            ),
            Sign((Signer(before=("Mengetahui", "Kepala Gudang"), after=("Widodo",), at=0.62),)),
        ],
    )
    yield (
        "assignment",
        [
            *(
                Head(("YAYASAN BINA INSANI", "Jalan Mawar 2, Kediri", "bina@contoh.org")),
                Title("SURAT TUGAS"),
                _WHO,
            ),
            *(
                Para(_DECREE),
                Sign((Signer(before=("Ketua Yayasan",), after=("K.H. Abdul Rosyid",), at=0.55),)),
            ),
            Foot("Yayasan Bina Insani, Jalan Mawar 2, Kediri, telepon 0354 555 222"),
        ],
    )
    yield (
        "memorandum of understanding",
        [
            Title("NOTA KESEPAHAMAN"),
            *[Para(_LAND), Para(_DECREE)] * 4,
            Sign(
                (
                    Signer(
                        before=("CV TANI SUBUR",),
                        after=("Hendra Gunawan", "Direktur"),
                        at=0.08,
                        centred=True,
                        width=150,
                        waiting="Meterai",
                    ),
                    Signer(
                        before=("YAYASAN BINA INSANI",),
                        after=("K.H. Abdul Rosyid", "Ketua"),
                        at=0.6,
                        centred=True,
                        width=150,
                    ),
                )
            ),
        ],
    )


def _foreign() -> Iterator[tuple[str, list[Block]]]:
    yield (
        "confidentiality",
        [
            Title("NON-DISCLOSURE AGREEMENT"),
            *[Para(_SECRET)] * 5,
            Para("IN WITNESS WHEREOF the parties have executed this agreement on the date written above."),
            Sign(
                (
                    Signer(
                        before=("DISCLOSER",),
                        after=("Name: Hendra Gunawan", "Title: Director"),
                        ruled=True,
                        at=0.0,
                        width=180,
                    ),
                    Signer(
                        before=("RECIPIENT",),
                        after=("Name: Wahyu Hidayat", "Title: Consultant"),
                        ruled=True,
                        at=0.56,
                        width=180,
                    ),
                )
            ),
        ],
    )
    yield (
        "affidavit",
        [
            *(
                Title("AFFIDAVIT"),
                Para("I, Wahyu Hidayat, solemnly declare as follows:"),
                Para(_SECRET),
                Para(_SECRET),
            ),
            Sign(
                (
                    Signer(
                        before=("Declared at Surabaya, 4 November 2026",),
                        after=("Signature of declarant",),
                        ruled=True,
                        at=0.45,
                        width=200,
                    ),
                )
            ),
        ],
    )
    yield (
        "offer of employment",
        [
            *(
                Para("Dear Wahyu,"),
                Para(_SECRET),
                Para(_SECRET),
                Para("We look forward to working with you."),
            ),
            Sign((Signer(before=("Kind regards,",), after=("Jane Doe", "Head of People"), at=0.0),)),
            Space(8),
            Para("I accept this offer on the terms set out above."),
            Sign((Signer(after=("Wahyu Hidayat          Date:",), ruled=True, at=0.0, room=44, width=220),)),
        ],
    )
    yield (
        "cover letter",
        [
            *(Right("Wahyu Hidayat, Jombang"), Para("To whom it may concern,"), Para(_SECRET), Para(_SECRET)),
            Sign((Signer(before=("Respectfully yours,",), after=("Wahyu Hidayat",), at=0.0),)),
        ],
    )


def _unusual() -> Iterator[tuple[str, list[Block]]]:
    yield (
        "columns of a lease",
        [
            *(Title("LEASE / SEWA"), Columns(f"{_SECRET} {_SECRET} {_SECRET}", f"{_LAND} {_LAND} {_LAND}")),
            Sign(
                (
                    Signer(before=("Lessor / Pemilik",), after=("Hendra Gunawan",), at=0.0, width=140),
                    Signer(before=("Lessee / Penyewa",), after=("Wahyu Hidayat",), at=0.55, width=140),
                )
            ),
        ],
    )
    yield (
        "signature before a scan of a card",
        [
            *(Title("SURAT PERNYATAAN"), _WHO, Para(_HEIRS)),
            Sign(
                (Signer(before=("Jombang, 20 November 2026", "Yang menyatakan,"), after=("Wahyu Hidayat",)),)
            ),
            *(NewPage(), Title("FOTOKOPI KTP"), _WHO),
        ],
    )
    yield (
        "name alone, left",
        [
            *(Para("Jombang, awal November"), Para(_RESIGN), Para(_LAND)),
            Sign((Signer(after=("Wahyu Hidayat",), at=0.0),)),
        ],
    )
    yield (
        "long power of attorney",
        [
            Title("SURAT KUASA KHUSUS"),
            _WHO,
            *[Para(_HEIRS), Para(_LAND), Para(_DECREE)] * 5,
            Sign(
                (
                    Signer(before=("Penerima kuasa,",), after=("Hendra Gunawan, S.H.",), at=0.0),
                    Signer(
                        before=("Pemberi kuasa,",),
                        after=("Wahyu Hidayat",),
                        at=0.6,
                        waiting="METERAI",
                        room=62,
                    ),
                )
            ),
        ],
    )
    yield (
        "form with boxes",
        [
            *(
                Title("FORMULIR KLAIM"),
                Table((("Nama", "Wahyu Hidayat"), ("Nomor polis", "88-1020"), ("Nilai", "Rp4.000.000"))),
            ),
            *(Para(_HEIRS), Para("Tanggal: ____________________")),
            Sign(
                (Signer(before=("Tanda Tangan Pemegang Polis",), after=("Nama jelas:",), at=0.5, ruled=True),)
            ),
            *(Space(10), Para("Diisi oleh petugas: diterima tanggal ............ oleh ............")),
        ],
    )
    yield (
        "scholarship",
        [
            *(Para("Lamp.: satu berkas"), Para(_RESIGN), _WHO, Para(_HEIRS)),
            Sign(
                (
                    Signer(
                        before=("Hormat saya,", "Pemohon beasiswa"),
                        after=("WAHYU HIDAYAT", "NIM. 2041720099"),
                        at=0.64,
                        width=140,
                    ),
                )
            ),
        ],
    )
