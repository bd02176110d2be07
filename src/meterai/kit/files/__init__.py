"""Files, object stores and archives."""
