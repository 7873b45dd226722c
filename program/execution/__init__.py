"""Running what was generated, and what can be said of the run."""
