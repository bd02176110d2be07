"""All that touches the bytes of a PDF. It runs in the jail."""
