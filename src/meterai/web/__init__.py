"""The site: translates HTTP into use cases and their answers into pages. Holds no rule and no SQL."""
