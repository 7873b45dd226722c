"""Bytes of a text file as text."""

import re

from data.errors import PaperError


def decode(content: bytes, name: str) -> str:
    """Decode UTF-8, UTF-16 with a mark, or Latin-1 where that is plausible.

    Raises:
        PaperError: The bytes are no text.
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                break
    if is_binary(content):
        raise PaperError(f"{name!r} is binary and not a text; give a PDF, LaTeX, Markdown, HTML or s2orc JSON file.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    text = content.decode("cp1252", errors="replace")
    unusual = len(re.findall("[^\x00-\x7f]", text))
    if "\ufffd" in text or unusual > 0.1 * len(text):
        raise PaperError(f"{name!r} is in an unknown encoding; save it as UTF-8.")
    return text


def is_binary(content: bytes) -> bool:
    """Tell whether bytes are no text in any encoding of one byte or UTF-8."""
    sample = content[:65536]
    control = sum(byte < 32 and byte not in (9, 10, 11, 12, 13, 27) for byte in sample)
    return b"\0" in sample or control > 0.02 * len(sample)
