"""What confines a jail process: namespaces, a view of few files, Landlock, seccomp, limits (Linux)."""
