"""What an audit asks of the log, a module for each subject."""
