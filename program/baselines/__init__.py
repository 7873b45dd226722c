"""Other systems that turn a paper into a repository, to compare PaperCoder with (Section 4.2)."""
