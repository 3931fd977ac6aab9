"""Questions in SQL, answered by a process that can reach nothing but its table."""
