"""The controller: its lease, and the loop that moves the queue of each selection."""
