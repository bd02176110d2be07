"""Two hosts on one machine: two data directories and loopback addresses, and what stands around them."""
