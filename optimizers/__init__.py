"""The judge as a metric, and compiled prompts."""
