"""What sales does in the jail: it opens the pictures of others."""
