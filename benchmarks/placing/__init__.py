"""Letters with known places to sign, and where the product proposes their stamps."""
