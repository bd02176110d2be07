"""A season's last evening, scaled, played against the running service while its parts fail on a schedule."""
