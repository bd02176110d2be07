"""How pages are made: templates, languages, assets, and the pages about the service."""
