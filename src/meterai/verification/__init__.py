"""Judges a PDF or a serial number. Holds no key and reaches none; writes nothing."""
