"""People and organisations: who somebody is, sign-in by a code, sessions."""
