"""What happens to batches."""
