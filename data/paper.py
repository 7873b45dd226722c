"""A paper as the stages read it: typed parts and one canonical Markdown text."""

import hashlib
import re

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """One heading and the text up to the next heading."""

    model_config = ConfigDict(frozen=True)

    heading: str
    """Heading without its number, e.g. `Scaled Dot-Product Attention`."""
    level: int = Field(ge=1, le=5)
    """1 for a section, 2 for a subsection, and so on."""
    number: str = ""
    """`3.2.1`, `A`, `B.1`, or empty where the source has none."""
    text: str = ""
    """Markdown, with `$…$` and `$$…$$` equations, tables and figure captions in place."""
    appendix: bool = False


class Paper(BaseModel):
    """A paper: references dropped, appendices kept, equations as TeX.

    The canonical text is `markdown`; reading that text again as a Markdown file gives an equal paper.
    """

    model_config = ConfigDict(frozen=True)

    title: str
    abstract: str
    sections: tuple[Section, ...]
    source: str = ""
    """What was read, as a user would name it: a file name, an arXiv id. Not part of the canonical text."""
