"""An operator's day in a Debian of its own: `script/operator-day`, by the documents."""
