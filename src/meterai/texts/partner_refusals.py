"""What a partner or an operator reads when a step in the chain of sale is refused."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_

PARTNER_REFUSALS: Final[dict[str, Explanation]] = {
    "partner.unknown": Explanation(
        N_("Organisasi ini tidak ada."), N_("Periksa kode atau id-nya, lalu coba lagi.")
    ),
    "partner.block_unknown": Explanation(
        N_("Blok meterai ini tidak ada."), N_("Periksa id-nya, lalu coba lagi.")
    ),
    "partner.not_empty": Explanation(
        N_("Organisasi ini masih mempunyai meterai, utang, atau titipan."),
        N_("Kembalikan stoknya dan lunasi utangnya lebih dulu, atau tangguhkan saja."),
    ),
    "partner.no_member": Explanation(
        N_("Orang ini bukan anggota organisasi."), N_("Lihat daftar anggotanya, lalu coba lagi.")
    ),
    "partner.last_owner": Explanation(
        N_("Organisasi harus memiliki seorang pemilik."),
        N_("Beri peran pemilik kepada anggota lain lebih dulu."),
    ),
    "serial.not_unstamped": Explanation(
        N_("Nomor seri ini sudah dibubuhkan atau sudah dikembalikan ke stok."),
        N_("Ambil nomor seri lain. Tidak ada meterai kedua yang terpakai."),
    ),
    "serial.other_document": Explanation(
        N_("Nomor seri ini sedang atau sudah dibubuhkan pada dokumen lain."),
        N_("Kirim dokumen yang sama, atau ambil nomor seri lain. Tidak ada meterai kedua yang terpakai."),
    ),
    "facts.incomplete": Explanation(
        N_("Data dokumen belum lengkap atau belum benar: {fields}."),
        N_("Perbaiki yang ditandai, lalu kirim lagi. Tidak ada meterai yang terpakai."),
    ),
    "facts.identity": Explanation(
        N_("Nomor identitas pihak terutang tidak berbentuk seperti jenisnya."),
        N_("NIK: 16 angka. NPWP: 15, 16, atau 22 angka. Paspor: huruf besar dan angka."),
    ),
    "invitation.ended": Explanation(
        N_("Undangan ini tidak berlaku lagi."),
        N_("Minta pemilik akun organisasi mengirim undangan baru."),
    ),
    "invitation.other_contact": Explanation(
        N_("Undangan ini untuk kontak lain."),
        N_("Masuk dengan kontak yang menerima undangan itu, atau tambahkan kontak itu ke akun Anda."),
    ),
    "invitation.member_already": Explanation(
        N_("Anda sudah menjadi anggota organisasi ini."),
        N_("Minta pemilik akun organisasi mengubah peran Anda bila perlu."),
    ),
    "invitation.too_many": Explanation(
        N_("Organisasi ini sudah mengirim {maximum} undangan dalam satu hari."),
        N_("Undang orang berikutnya besok."),
    ),
    "member.no_role": Explanation(N_("Peran belum dipilih."), N_("Pilih satu peran, lalu kirim lagi.")),
    "partner.name": Explanation(
        N_("Nama organisasi kosong atau terlalu panjang."),
        N_("Tulis nama dengan paling banyak {maximum} huruf."),
    ),
    "partner.code_form": Explanation(
        N_("Kode organisasi ini tidak dapat dipakai."),
        N_("Pakai 2 sampai 31 huruf kecil, angka, dan tanda hubung; mulai dengan huruf."),
    ),
    "partner.code_used": Explanation(N_("Kode ini sudah dipakai organisasi lain."), N_("Pilih kode lain.")),
    "partner.npwp_form": Explanation(
        N_("NPWP ini belum benar."), N_("Tulis 15 atau 16 angka, atau 22 dengan NITKU.")
    ),
    "partner.not_here": Explanation(
        N_("Ini tidak berlaku untuk organisasi di tempat itu dalam rantai penjualan."),
        N_("Lihat aturan peran dan perjanjian di dokumentasi mitra."),
    ),
    "partner.officers_decide": Explanation(
        N_("Ini diputuskan oleh dua petugas."), N_("Hubungi kami; petugas mencatatnya.")
    ),
    "partner.not_active": Explanation(
        N_("Organisasi ini atau induknya sedang tidak aktif."), N_("Hubungi induk organisasi Anda.")
    ),
    "partner.no_agreement": Explanation(
        N_("Hari ini tidak ada perjanjian yang berlaku untuk organisasi ini."),
        N_("Minta induk organisasi membuat perjanjian, lalu coba lagi."),
    ),
    "partner.not_paid_so": Explanation(
        N_("Blok ini tidak dapat dibayar dengan cara itu."),
        N_("Distributor memakai setorannya; yang lain memakai dana di muka atau kredit."),
    ),
    "partner.period_unpaid": Explanation(
        N_("Masa pajak sebelumnya belum dibayar."),
        N_("Bayar dulu meterai masa itu; sesudah itu blok baru dapat diambil."),
    ),
    "partner.more_than_left": Explanation(
        N_("Blok ini tidak lagi berisi meterai sebanyak itu."),
        N_("Lihat sisa blok, lalu kembalikan paling banyak sejumlah itu."),
    ),
    "partner.credit_short": Explanation(
        N_("Kredit yang bebas tidak cukup untuk blok ini."),
        N_("Bayar sebagian utang, ambil lebih sedikit, atau minta batas kredit yang lebih tinggi."),
    ),
    "partner.funds_short": Explanation(
        N_("Uang yang disetor di muka tidak cukup untuk blok ini."),
        N_("Setor lebih dulu, atau ambil lebih sedikit."),
    ),
    "partner.stock_short": Explanation(
        N_("Persediaan organisasi tidak cukup."),
        N_("Ambil lebih sedikit, atau isi persediaannya lebih dulu."),
    ),
    "partner.id_used": Explanation(
        N_("Id atau nomor bukti ini sudah dipakai untuk hal lain."),
        N_("Pakai id atau nomor yang baru, atau ulangi persis seperti yang pertama."),
    ),
    "partner.out_of_range": Explanation(
        N_("Jumlah, harga, batas, atau tanggal ini tidak dapat dicatat."),
        N_("Pakai angka yang lebih besar dari nol dan tanggal akhir sesudah tanggal awal."),
    ),
    "partner.reference": Explanation(
        N_("Nomor bukti kosong atau terlalu panjang."),
        N_("Tulis nomor dengan paling banyak {maximum} huruf."),
    ),
    "partner.document_limit": Explanation(
        N_("Perjanjian mengizinkan paling banyak {maximum} meterai pada satu dokumen."),
        N_("Tidak ada meterai yang terpakai. Kurangi tempatnya, atau minta perjanjian lain."),
    ),
    "partner.day_limit": Explanation(
        N_("Perjanjian mengizinkan paling banyak {maximum} meterai sehari, dan sisa hari ini tidak cukup."),
        N_("Tidak ada meterai yang terpakai. Coba lagi besok (WIB), atau minta perjanjian lain."),
    ),
    "sandbox.off": Explanation(
        N_("Ini bukan lingkungan uji bagi mitra."),
        N_("Pakai lingkungan uji: alamatnya dan kuncinya lain dari yang di sini."),
    ),
    "sandbox.clients_max": Explanation(
        N_("Organisasi ini sudah memiliki sepuluh klien uji."),
        N_("Cabut satu yang tidak dipakai lagi, lalu buat yang baru."),
    ),
    "sandbox.scenario": Explanation(
        N_("Skenario ini tidak ada."),
        N_("Kirim Meterai-Scenario dengan salah satu dari: {names}. Tidak ada meterai yang terpakai."),
        facts={"names": "slow"},
    ),
    "sandbox.refused_file": Explanation(
        N_("Berkas ini ditolak, seperti diminta skenario refused-file."),
        N_("Tidak ada meterai yang terpakai. Kirim tanpa skenario untuk mendapat meterai uji."),
    ),
    "sandbox.slow": Explanation(
        N_("Meterai ini dibuat belakangan, seperti diminta skenario slow."),
        N_("Tunggu; tanyakan keadaannya lagi beberapa detik kemudian."),
    ),
    "sandbox.signer_down": Explanation(
        N_("Penanda tangan tidak menjawab, seperti diminta skenario signer-down."),
        N_("Tidak ada meterai yang terpakai. Kirim lagi dengan Idempotency-Key yang baru."),
    ),
    "sandbox.clock": Explanation(
        N_("Jam uji hanya bergerak maju, dan paling jauh {days} hari dari waktu sebenarnya."),
        N_("Kirim waktu yang lebih lambat dari jam uji sekarang, atau null untuk waktu sebenarnya."),
        facts={"days": 400},
    ),
}
