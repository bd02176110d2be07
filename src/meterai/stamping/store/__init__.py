"""Statements that write the tables of stamping: documents, and the jobs that stamp them."""
