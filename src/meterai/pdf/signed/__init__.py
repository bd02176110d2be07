"""Files that carry signatures: fields, byte ranges, what may still change, the check of a fresh seal."""
