"""Compiling the prompts against the judge: papers, books, MLflow, and the command."""
