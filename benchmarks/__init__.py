"""Quality against tokens, speed and memory, with everything one could pick instead in the same run."""
