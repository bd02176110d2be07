"""Use cases for documents and stamps: one file, one verb."""
