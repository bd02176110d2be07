"""What partners stamp: limits of the agreement, what collectors report of a document, digests of uploads."""
