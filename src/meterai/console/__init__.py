"""The console: pages for officers on duty. A door with a process and an address of its own."""
