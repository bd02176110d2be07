"""Messages to customers about incidents and announcements: at most once, and within a day's budget."""
