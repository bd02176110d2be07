"""Stamping: documents, placement, the visible stamp, the seal (PAdES) and the stamping cycle."""
