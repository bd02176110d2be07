"""The audit of a queue's public log: replays what was published, with no secret and no database of ours."""
