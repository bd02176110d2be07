"""The stamping cycle: batches of jobs from their intents to released files."""
