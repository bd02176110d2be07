"""Words of the pages for developers."""
