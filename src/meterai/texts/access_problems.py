"""What clients of partners meet when they ask for a token, or call with one."""

from __future__ import annotations

from typing import Final

from meterai.texts.mechanism.explanations import Explanation
from meterai.texts.mechanism.marks import N_

_NEW_TOKEN = N_("Minta token baru di /api/v1/token, lalu ulangi permintaan ini.")
_NEW_ASSERTION = N_("Buat assertion baru dengan jti baru, lalu minta token lagi.")

ACCESS_PROBLEMS: Final[dict[str, Explanation]] = {
    "access.no_token": Explanation(
        N_("Permintaan ini tidak membawa token."),
        N_("Minta token di /api/v1/token, lalu kirim sebagai Authorization: Bearer TOKEN."),
    ),
    "access.token_wrong": Explanation(N_("Token ini bukan buatan kami, atau rusak di jalan."), _NEW_TOKEN),
    "access.token_ended": Explanation(
        N_("Token ini sudah berakhir; token berlaku lima belas menit."), _NEW_TOKEN
    ),
    "access.revoked": Explanation(
        N_("Klien atau kunci di balik token ini sudah dicabut, atau organisasinya tidak aktif."),
        N_("Minta token dengan kunci yang masih berlaku. Bila tidak ada, hubungi kami."),
    ),
    "access.scope": Explanation(
        N_("Token ini tidak memiliki hak {scope}, yang diperlukan di sini."),
        N_("Minta token dengan hak itu. Bila klien ini tidak memilikinya, hubungi kami."),
        facts={"scope": ""},
    ),
    "access.address": Explanation(
        N_("Klien ini tidak boleh memanggil dari alamat jaringan ini."),
        N_("Panggil dari alamat yang terdaftar, atau minta kami menambah alamat ini."),
    ),
    "access.signature_missing": Explanation(
        N_("Perjanjian organisasi ini mewajibkan tanda tangan pada setiap permintaan (RFC 9421)."),
        N_("Kirim Signature-Input dan Signature; dokumentasi menyebut apa yang ditandatangani."),
    ),
    "access.signature_wrong": Explanation(
        N_("Tanda tangan permintaan ini (RFC 9421) tidak sah."),
        N_(
            "Tanda tangani @method, @target-uri, authorization, dan bila ada idempotency-key dan "
            "content-digest, dengan kunci klien ini dan created dari lima menit terakhir."
        ),
    ),
    "access.line": Explanation(
        N_("Orang sedang antre, dan bagian mitra dari pintu masuk sedang terpakai."),
        N_(
            "Ulangi setelah waktu di Retry-After dengan Idempotency-Key yang sama. Mitra yang baru saja "
            "memesan lebih sedikit didahulukan."
        ),
    ),
    "client.hour_cap": Explanation(
        N_("Batas meterai per jam untuk klien ini sudah tercapai."),
        N_("Ulangi setelah waktu di Retry-After. Batas ini dapat kami ubah atas permintaan Anda."),
    ),
    "client.day_cap": Explanation(
        N_("Batas meterai per hari untuk klien ini sudah tercapai."),
        N_("Ulangi setelah waktu di Retry-After. Batas ini dapat kami ubah atas permintaan Anda."),
    ),
    "token.form": Explanation(
        N_("Formulir permintaan token ini tidak lengkap atau tidak terbaca."),
        N_(
            "Kirim grant_type, client_assertion_type dan client_assertion, masing-masing sekali, sebagai "
            "application/x-www-form-urlencoded."
        ),
    ),
    "token.grant": Explanation(
        N_("Jenis grant_type ini tidak ada di sini."), N_("Kirim grant_type=client_credentials.")
    ),
    "token.scope": Explanation(
        N_("Klien ini tidak memiliki semua hak yang diminta."),
        N_("Minta sebagian dari: {scopes}."),
        facts={"scopes": ""},
    ),
    "token.client_unknown": Explanation(
        N_("Kami tidak mengenal klien ini, atau assertion-nya tidak ditandatangani dengan kuncinya."),
        N_(
            "Periksa iss, sub dan kid, serta apakah kunci itu terdaftar dan belum berakhir. Klien yang "
            "dicabut mendapat jawaban yang sama."
        ),
    ),
    "token.assertion_ended": Explanation(N_("Assertion ini sudah berakhir (exp)."), _NEW_ASSERTION),
    "token.assertion_long": Explanation(
        N_("Assertion ini berlaku terlalu lama."), N_("Buat exp paling lama lima menit dari sekarang.")
    ),
    "token.assertion_claim": Explanation(
        N_("Klaim {claim} pada assertion ini tidak ada atau tidak cocok."),
        N_(
            "iss dan sub adalah id klien, aud adalah alamat kami atau alamat token, exp dan jti harus ada, "
            "dan iat tidak di masa depan."
        ),
        facts={"claim": ""},
    ),
    "token.assertion_used": Explanation(N_("Assertion ini sudah pernah dipakai (jti)."), _NEW_ASSERTION),
    "token.later": Explanation(
        N_("Terlalu banyak permintaan token datang dari jaringan ini."),
        N_("Pakai token yang sama selama lima belas menit. Ulangi setelah waktu di Retry-After."),
    ),
}
