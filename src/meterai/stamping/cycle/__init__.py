"""The stamping cycle: takes batches of jobs from their intents to released files."""
