"""What a result of the same call says that the one before did not."""
