"""The page "Now": the whole service at a glance, and what to do next."""
