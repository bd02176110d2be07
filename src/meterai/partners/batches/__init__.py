"""Batches of documents on the wire: serial numbers taken in one call, told by one POST a document."""
