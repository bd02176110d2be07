"""News: incidents with their updates, and announcements, as people read them everywhere (docs/news.md)."""
