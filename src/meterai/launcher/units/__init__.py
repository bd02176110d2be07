"""What the units of `deploy/systemd` need: an environment file each, and files that belong to their users."""
