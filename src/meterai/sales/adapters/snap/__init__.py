"""BI-SNAP, Bank Indonesia's national standard for payment APIs (Standar Nasional Open API Pembayaran)."""
