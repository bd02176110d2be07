"""How a stranger's file is opened: structure, repairs, passwords, limits on its weight."""
