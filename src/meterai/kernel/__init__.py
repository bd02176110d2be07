"""Values every part of the house shares. Imports nothing of ours and no framework."""
