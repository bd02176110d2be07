"""Files with signatures: fields, byte ranges, allowed changes, and the check of a fresh seal."""
