"""Reports of partners: what they say, and their files."""
