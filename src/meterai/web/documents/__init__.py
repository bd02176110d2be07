"""The documents' journey: upload, placing, bundles."""
