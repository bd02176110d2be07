"""The ways to pay: their names, the apps they open, and how one pays on each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meterai.texts.mechanism.marks import N_

CHANNEL_NAMES: Final[Mapping[str, str]] = {
    "qris": N_("QRIS"),
    "va_bca": N_("Virtual account BCA"),
    "va_bni": N_("Virtual account BNI"),
    "va_bri": N_("Virtual account BRI"),
    "va_mandiri": N_("Tagihan Mandiri"),
    "va_permata": N_("Virtual account Permata"),
    "gopay": N_("GoPay"),
    "shopeepay": N_("ShopeePay"),
}
BANK_NAMES: Final[Mapping[str, str]] = {
    "va_bca": N_("BCA"),
    "va_bni": N_("BNI"),
    "va_bri": N_("BRI"),
    "va_mandiri": N_("Mandiri"),
    "va_permata": N_("Permata"),
}
"""Where virtual accounts stand together. Other ways have their name alone."""
_NUMBER = N_("Isi nomor di atas, lalu periksa penjual dan jumlahnya.")
_PAY = N_("Bayar. Halaman ini berubah sendiri setelah uangnya masuk.")
_APP = N_("Periksa penjual dan jumlahnya, lalu masukkan PIN Anda.")
_BACK = N_("Kembali ke halaman ini. Halaman ini berubah sendiri setelah uangnya masuk.")
PAY_STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "va_bca": (N_("Di m-BCA atau ATM BCA, pilih transfer ke BCA Virtual Account."), _NUMBER, _PAY),
    "va_bni": (
        N_("Di aplikasi atau ATM BNI, pilih virtual account. Dari bank lain, pilih transfer ke BNI."),
        _NUMBER,
        _PAY,
    ),
    "va_bri": (N_("Di BRImo atau ATM BRI, pilih BRIVA."), _NUMBER, _PAY),
    "va_mandiri": (
        N_("Di Livin' by Mandiri atau ATM Mandiri, pilih Bayar, lalu Multipayment."),
        N_("Isi kode perusahaan dan kode bayar di atas, lalu periksa jumlahnya."),
        _PAY,
    ),
    "va_permata": (
        N_("Di aplikasi atau ATM Permata, pilih virtual account. Dari bank lain, pilih transfer ke Permata."),
        _NUMBER,
        _PAY,
    ),
    "gopay": (N_("Di ponsel yang ada GoPay-nya, tekan Buka GoPay."), _APP, _BACK),
    "shopeepay": (N_("Di ponsel yang ada ShopeePay-nya, tekan Buka ShopeePay."), _APP, _BACK),
}
"""For each way that needs more than its code. The bank's number or the wallet's button stands above them."""
