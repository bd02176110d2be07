"""What can be done with documents and stamps: one file, one verb."""
