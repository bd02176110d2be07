"""What can be done with people and organisations: one file, one public verb."""
