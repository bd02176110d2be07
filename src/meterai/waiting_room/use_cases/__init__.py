"""What can be done with a place in line: one file, one public verb."""
