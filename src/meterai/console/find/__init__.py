"""Pages that find orders and tell the story of one."""
