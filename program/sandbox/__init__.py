"""Where untrusted code runs: behind walls, or not at all."""
