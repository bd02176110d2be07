"""The seal: key, CMS, time stamp, and putting it into the gap. It parses no PDF."""
