"""Code that reads or writes the bytes of a PDF. It runs in the jail."""
