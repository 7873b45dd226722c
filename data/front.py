"""Titles and abstracts without the notices and footnotes that converters put beside them."""

import re

_NOTICE = re.compile(
    r"\b(?:permission|copyright|licen[cs]ed?|all rights reserved|hereby|attribution|accepted (?:at|by|for|to)|"
    r"published (?:as|in|at)|appear(?:s|ing)? in|to appear|under (?:double-blind )?review|preprint|proceedings of)\b",
    re.IGNORECASE,
)
_PREFIX = re.compile(
    r"(?:published|under review|accepted|submitted) (?:as|to) an? (?:conference|workshop|journal) (?:paper|submission)"
    r" (?:at|to|in|for) [A-Z]\w+ \d{4}\s+|arXiv:\S+\s+(?:\[[\w.-]+\]\s+)?(?:\d{1,2} \w{3} \d{4}\s+)?",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[a-z)\]]\.)\s+(?=[A-Z0-9])")


def clean_title(title: str) -> str:
    """Drop the notices that stand before a title; a title that is nothing but a notice stays as it is.

    Args:
        title: As read, e.g. `Google hereby grants permission to reproduce the tables. Attention Is All`.
    """
    title = " ".join(title.split())
    prefix = _PREFIX.match(title)
    if prefix and title[prefix.end() :]:
        title = title[prefix.end() :]
    sentences = _SENTENCE.split(title)
    while len(sentences) > 1 and _NOTICE.search(sentences[0]):
        del sentences[0]
    return " ".join(sentences)


_AUTHOR_NOTE = re.compile(
    r"(?:^|\s)\$?(?:\\?[*∗†‡§¶⋆]|\^\{?\\(?:ast|dagger|ddagger)\}?)+\$?\s?"
    r"(?:Equal|Work (?:performed|done)|These authors|Corresponding|Correspondence|Authors? contributed|Denotes equal|"
    r"Contributed equally|Listing order|Currently at|Now at).*",
    re.DOTALL,
)


def clean_abstract(abstract: str) -> str:
    """Cut off the authors' footnotes that a converter has put under an abstract."""
    return _AUTHOR_NOTE.sub("", abstract).strip()
