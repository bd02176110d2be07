"""Sentences and blocks that several letters of the study share."""

from __future__ import annotations

from benchmarks.placing.model import Fields, Head, Table

TRUE = (
    "Demikian surat pernyataan ini saya buat dengan sebenarnya, tanpa paksaan dari pihak mana pun, "
    "untuk dipergunakan sebagaimana mestinya. Apabila di kemudian hari ternyata tidak benar, saya "
    "bersedia dituntut sesuai dengan ketentuan yang berlaku."
)
STAMPED = (
    "Surat ini ditandatangani di atas meterai Rp10.000 dan dibuat rangkap dua, masing-masing mempunyai "
    "kekuatan hukum yang sama bagi kedua belah pihak yang bertanda tangan."
)
UNDERSIGNED = "Yang bertanda tangan di bawah ini:"
PROMISE = (
    "Dengan ini menyatakan bahwa saya tidak pernah dipidana, tidak pernah diberhentikan dengan tidak "
    "hormat, tidak berkedudukan sebagai calon pegawai, anggota TNI atau Polri, dan bersedia ditempatkan"
    " di seluruh wilayah Negara Kesatuan Republik Indonesia."
)
APPLY = (
    "Dengan hormat, berdasarkan pengumuman seleksi, bersama ini saya mengajukan permohonan agar dapat "
    "diterima pada formasi tersebut. Sebagai bahan pertimbangan saya lampirkan berkas yang "
    "dipersyaratkan, dan saya menjamin bahwa seluruh isinya benar."
)
ARTICLE = (
    "Pihak Pertama menyerahkan kepada Pihak Kedua, dan Pihak Kedua menerima dari Pihak Pertama, objek "
    "perjanjian dalam keadaan baik. Segala biaya yang timbul karena perjanjian ini ditanggung oleh "
    "Pihak Kedua kecuali ditentukan lain oleh kedua belah pihak secara tertulis."
)
DISPUTE = (
    "Perselisihan yang timbul dari perjanjian ini diselesaikan secara musyawarah. Apabila tidak "
    "tercapai mufakat, kedua belah pihak sepakat memilih tempat kedudukan hukum di kepaniteraan "
    "Pengadilan Negeri setempat."
)
ENGLISH = (
    "I am writing to confirm the arrangements that we discussed last week. The documents listed below "
    "are complete and correct to the best of my knowledge, and I accept the terms that were sent to me "
    "together with the form."
)
AGREEMENT = (
    "The parties agree that the services shall be provided with reasonable care, that invoices are "
    "payable within thirty days, and that this agreement is governed by the laws of the Republic of "
    "Indonesia."
)
OFFICIAL = (
    "Sehubungan dengan surat Saudara tentang permohonan data, bersama ini kami sampaikan bahwa "
    "permohonan tersebut telah kami terima dan akan diproses sesuai dengan ketentuan. Atas perhatian "
    "dan kerja sama Saudara kami ucapkan terima kasih."
)
PERSON = Fields(
    (
        ("Nama", "Siti Rahmawati"),
        ("Tempat, tanggal lahir", "Semarang, 4 Mei 1999"),
        ("NIK", "3374010405990001"),
        ("Pendidikan", "S-1 Akuntansi"),
        ("Alamat", "Jl. Melati No. 12, Semarang"),
    )
)
OTHER = Fields((("Nama", "Budi Santoso"), ("Pekerjaan", "Wiraswasta"), ("Alamat", "Jl. Kenanga No. 3, Solo")))
OFFICE = Head(
    (
        "DINAS KEPENDUDUKAN KOTA CONTOH",
        "Jalan Merdeka Nomor 1 Telepon (021) 555000",
        "Laman contoh.go.id, surel dinas@contoh.go.id",
    )
)
COMPANY = Head(
    ("PT CONTOH MAKMUR SENTOSA", "Jl. Industri Raya Blok C2 No. 8, Bekasi", "NPWP 01.234.567.8-901.000")
)
GOODS = Table(
    (
        ("No", "Uraian", "Jumlah", "Harga"),
        ("1", "Kursi kantor", "12", "Rp9.600.000"),
        ("2", "Meja rapat", "2", "Rp7.000.000"),
        ("3", "Lemari arsip", "4", "Rp8.800.000"),
        ("", "Jumlah", "", "Rp25.400.000"),
    )
)
