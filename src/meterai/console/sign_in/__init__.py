"""How officers sign in and out, and the list of their sessions."""
