"""How sentences are marked, translated and filled in."""
