"""Officers: who they are, what they sign, and how a signature is verified."""
