"""What an officer reads when an act about somebody's order is refused."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_

_NUMBER_AGAIN = N_(
    "Minta nomor pesanan dari pesan atau kuitansi kami, lalu coba lagi. Tidak ada yang diubah."
)

SUPPORT_REFUSALS: Final[dict[str, Explanation]] = {
    "support.no_order": Explanation(N_("Pesanan dengan nomor ini tidak ada."), _NUMBER_AGAIN),
    "support.never_paid": Explanation(
        N_("Untuk pesanan ini belum pernah ada percobaan membayar."),
        N_("Cek nomornya dengan orangnya. Tidak ada uang yang berpindah, dan tidak ada yang diubah."),
    ),
    "support.nothing_waits": Explanation(
        N_("Tidak ada dokumen pesanan ini yang menunggu meterai."),
        N_(
            "Belum dibayar: tanyakan pembayarannya ke gateway. Dokumen ditolak: pemiliknya mengganti dokumen "
            "atau meminta uangnya kembali di halaman pesanan. Tidak ada yang diubah."
        ),
    ),
    "support.not_unpaid": Explanation(
        N_("Pesanan ini tidak menunggu pembayaran, jadi tidak dapat dibatalkan."),
        N_("Sudah dibayar: pemiliknya mengembalikan meterai yang tidak terpakai. Tidak ada yang diubah."),
    ),
    "support.no_contact": Explanation(
        N_("Pesanan ini tidak mempunyai kontak, atau kontaknya sudah dihapus."),
        N_("Tautan hanya dikirim ke kontak pesanan. Tidak ada yang dikirim dan tidak ada yang diubah."),
    ),
    "support.no_proof": Explanation(
        N_("Tulis bagaimana orangnya membuktikan siapa dirinya: {least} sampai {most} karakter."),
        N_("Sebut nomor kasusnya, tanpa nama orang. Tidak ada yang diubah."),
    ),
    "support.not_paid": Explanation(
        N_("Pesanan ini belum dibayar, jadi tidak ada yang perlu dipindahkan."),
        N_("Minta orangnya memesan lagi dengan kontaknya yang sekarang. Tidak ada yang diubah."),
    ),
    "support.same_contact": Explanation(
        N_("Pesanan ini sudah di kontak itu."),
        N_("Tautannya dapat dikirim lagi ke sana. Tidak ada yang diubah."),
    ),
    "support.being_stamped": Explanation(
        N_("Meterai pesanan ini sedang dipakai, jadi pesanannya belum dapat dipindahkan."),
        N_("Biasanya dokumennya selesai dalam beberapa detik. Lalu coba lagi. Tidak ada yang diubah."),
    ),
    "support.links_sent": Explanation(
        N_("Tautan pesanan ini sudah dikirim petugas {most} kali dalam 24 jam."),
        N_("Tidak ada yang dikirim. Cek alamatnya dengan orangnya; besok tautan dapat dikirim lagi."),
    ),
}
