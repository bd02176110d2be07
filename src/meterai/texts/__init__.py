"""What people are told, for every door: words of refusals and notices, with their facts filled in."""
