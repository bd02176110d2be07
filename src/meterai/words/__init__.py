"""What people are told, for every door: words of refusals, and how sums, moments and sizes are written."""
