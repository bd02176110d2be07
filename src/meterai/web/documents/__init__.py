"""Pages for documents: upload, photos, all pages, comparing."""
