"""LaTeX files and folders as rough Markdown."""

import re
from pathlib import Path

from data.errors import PaperError
from data.latex.convert import Converter
from data.latex.macros import expand_macros
from data.latex.project import read_project, read_style_files


def latex_to_markdown(source: Path) -> str:
    r"""Turn a paper's LaTeX into rough Markdown.

    Args:
        source: A `.tex` file, or a folder of which the main file is looked for.

    Raises:
        PaperError: The sources are incomplete, leave their folder, never end, or hold no text.
    """
    text = expand_macros(read_project(source), read_style_files(source))
    markdown = Converter(text).convert()
    if not re.search(r"\w{2}", re.sub(r"^#.*$", "", markdown, flags=re.MULTILINE)):
        raise PaperError(f"LaTeX in {source.name!r} has no text; give the paper's main file or folder.")
    return markdown
