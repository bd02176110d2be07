"""What can be done with orders: one file, one public verb."""
