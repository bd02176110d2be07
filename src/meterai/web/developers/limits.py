"""The limits that clients of the API meet, with the figures of this installation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from meterai.kit.formats.display import number_text, size_text
from meterai.kit.idempotency import KEPT
from meterai.kit.settings import Settings
from meterai.partners.batches.model import DOCUMENTS_MAX
from meterai.partners.clients.model import KEYS_MAX
from meterai.partners.logins.model import LOGINS_MAX
from meterai.pdf.limits import CHECKED_BYTES_MAX, DEFAULT_LIMITS
from meterai.stamping.bundles.model import FILES_MAX
from meterai.texts.mechanism.marks import N_

type _Said = Callable[[Settings, str], str]


def _number(figure: Callable[[Settings], int]) -> _Said:
    return lambda settings, language: number_text(figure(settings), language)


def _size(count: int) -> _Said:
    return lambda _, language: size_text(count, language)


LIMITS: Final[tuple[tuple[str, _Said], ...]] = (
    (
        N_("Permintaan satu klien dalam semenit, di setiap proses kami"),
        _number(lambda s: s.api_requests_per_minute),
    ),
    (N_("Masa berlaku token, dalam menit"), _number(lambda _: 15)),
    (N_("Umur pernyataan (assertion) dan tanda tangan pesan, dalam menit"), _number(lambda _: 5)),
    (N_("Kunci satu klien yang berlaku bersamaan"), _number(lambda _: KEYS_MAX)),
    (N_("Ukuran PDF yang diberi meterai"), _size(DEFAULT_LIMITS.file_bytes_max)),
    (N_("Ukuran PDF yang diperiksa"), _size(CHECKED_BYTES_MAX)),
    (N_("Ukuran permintaan JSON yang lain"), _size(256 << 10)),
    (N_("Meterai pada satu dokumen dalam satu permintaan"), _number(lambda _: 10)),
    (N_("Berkas dalam satu bundel"), _number(lambda _: FILES_MAX)),
    (N_("Isi satu halaman daftar"), _number(lambda _: 200)),
    (N_("Detik menunggu dengan Prefer: wait"), _number(lambda _: 30)),
    (N_("Hari Idempotency-Key dan permintaan terakhir disimpan"), _number(lambda _: KEPT.days)),
    (N_("Hari peristiwa dan laporan disimpan"), _number(lambda _: 30)),
)
"""A test compares those that another door checks with that door's own figures."""


def limits_of(settings: Settings, language: str) -> list[tuple[str, str]]:
    """Each limit, untranslated, and its figure as words."""
    return [(name, said(settings, language)) for name, said in LIMITS]


WIRE_LIMITS: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    (N_("Masa berlaku token, dalam jam"), lambda language: number_text(24, language)),
    (N_("Nama pengguna satu klien"), lambda language: number_text(LOGINS_MAX, language)),
    (
        N_("Ukuran PDF yang diunggah"),
        lambda language: size_text(DEFAULT_LIMITS.file_bytes_max, language),
    ),
    (N_("Ukuran permintaan yang lain"), lambda language: size_text(256 << 10, language)),
    (N_("Dokumen dalam satu batch"), lambda language: number_text(DOCUMENTS_MAX, language)),
    (
        N_("Hash per nomor seri, sesudah jawaban yang hilang"),
        lambda language: number_text(5, language),
    ),
)
"""As `LIMITS`, of the wire."""


def wire_limits(language: str) -> list[tuple[str, str]]:
    """Each limit of the wire, untranslated, and its figure as words."""
    return [(name, said(language)) for name, said in WIRE_LIMITS]
