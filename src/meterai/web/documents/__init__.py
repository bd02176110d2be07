"""Pages for documents: upload, placing, bundles."""
