"""Adds archive data to released files and renews it: PAdES B-LT, B-LTA (ETSI EN 319 142-1, 5.4 and 5.5)."""
