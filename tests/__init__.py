"""Tests of PaperCoder: each states a claim that can fail."""
