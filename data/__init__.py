"""Papers: reading them, and the samples that come with PaperCoder. No language model."""
