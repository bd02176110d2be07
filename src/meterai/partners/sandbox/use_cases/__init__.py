"""What members and programs of partners do in the sandbox."""
