"""Every statement that writes the tables of stamping: documents, and the jobs that stamp them."""
