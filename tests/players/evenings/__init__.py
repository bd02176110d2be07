"""Evenings of a small queue in which much goes wrong and nobody cheats. An audit must find nothing."""
