"""What each stage is asked and what it answers. No logic beyond validation."""
