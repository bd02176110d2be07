"""The console's pages of news: incidents, announcements, messages to customers (docs/news.md)."""
