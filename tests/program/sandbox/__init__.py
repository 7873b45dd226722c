"""What untrusted code tries, and what it may not get."""
