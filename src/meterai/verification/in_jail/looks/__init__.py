"""What people see of a document after it was stamped: which pages to draw, and what later signatures show."""
