"""The site. It translates HTTP into use cases and their answers into pages, and holds no rule and no SQL."""
