"""The audit of a queue's public log: replays what was published, without a secret and without our
database."""
