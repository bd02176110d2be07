"""Makes the seal: key, CMS, time stamp, and filling the gap. It parses no PDF."""
