"""The judge as a metric, and the compiling of prompts against it."""
