"""Papers: reading them, and the samples that come with PaperCoder. No language model."""

from data.errors import PaperError
from data.paper import Figure, Paper, Section, Table
from data.read import read_paper

__all__ = ["Figure", "Paper", "PaperError", "Section", "Table", "read_paper"]
