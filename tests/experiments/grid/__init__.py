"""Tests of `experiments.grid`."""
