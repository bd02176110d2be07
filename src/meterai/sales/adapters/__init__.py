"""One file per gateway. Only bootstrap.py imports them."""
