"""Experiments: papers, methods, backbones and judges against each other, a cell for each combination."""
