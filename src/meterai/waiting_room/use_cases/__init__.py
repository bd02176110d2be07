"""The actions on a place in line and on a queue: one file, one public verb."""
