"""The doors nobody knocks at: the worker that does what is due, and the signer that holds the key."""
