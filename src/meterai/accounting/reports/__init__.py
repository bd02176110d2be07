"""Settlement reports: what a gateway says that came on a day, what it kept, and what it pays out."""
