"""Opens uploaded files: structure, repairs, passwords, limits on their weight."""
