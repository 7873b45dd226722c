"""The modules: one file per stage, and what the stages share."""
