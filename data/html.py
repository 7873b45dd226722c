"""Papers as HTML, of LaTeXML and arXiv first of all, as rough Markdown."""

import re
from typing import TYPE_CHECKING

from data.errors import PaperError
from data.tables import html_rows, markdown_table

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_DROPPED = (
    "nav, header, footer, script, style, noscript, form, button, svg, iframe, .ltx_bibliography, .ltx_page_footer,"
    " .ltx_page_header, .ltx_page_navbar, .ltx_TOC, .ltx_authors, .ltx_dates, .ltx_role_footnote .ltx_note_mark,"
    " .ltx_tag_note, .ltx_ERROR, .ltx_role_institutetext, .ltx_role_thanks, .ltx_role_newpage, .ltx_acknowledgements,"
    " .package-alerts, #header, .ltx_classification, .ltx_keywords, img, .ltx_LaTeXML_logo"
)
_KEPT = re.compile("\ue000(\\d+)\ue001")


def html_to_markdown(html: str, name: str) -> str:
    """Turn a paper's HTML into rough Markdown.

    Args:
        html: The page.
        name: The file's name or address, for the message of an error.

    Raises:
        PaperError: The page has no text of a paper.
    """
    from bs4 import BeautifulSoup
    from markdownify import markdownify

    page = _Page(BeautifulSoup(html, "lxml"))
    try:
        root = page.prepare()
        markdown = markdownify(
            str(root),
            heading_style="ATX",
            bullets="-",
            strip=["a", "span"],
            escape_asterisks=False,
            escape_underscores=False,
        )
    except RecursionError as error:
        raise PaperError(f"{name!r} is nested too deeply for a page with a paper; give its PDF.") from error
    markdown = page.restore(str(markdown))
    if len(re.findall(r"\w{2,}", markdown)) < 20:
        raise PaperError(f"{name!r} is a page without the text of a paper; give the address of the paper itself.")
    return markdown


class _Page:
    """One page; what must reach the Markdown as it is stands in `kept`."""

    def __init__(self, soup: "BeautifulSoup") -> None:
        self._soup = soup
        self.kept: list[str] = []
        self._captions: set[str] = set()

    def prepare(self) -> "Tag":
        """Replace maths, tables, floats and theorems by Markdown; give the element that holds the paper."""
        root = self._soup.select_one("article") or self._soup.select_one("main") or self._soup.body or self._soup
        for tag in root.select(_DROPPED):
            if not tag.decomposed and not (tag.name == "header" and tag.find("h1")):
                tag.decompose()
        self._title(root)
        for tag in root.select("table.ltx_equation, table.ltx_equationgroup"):
            if not tag.decomposed and tag.find_parent("table", class_=["ltx_equation", "ltx_equationgroup"]) is None:
                self._equation(tag)
        for math in root.select("math"):
            if not math.decomposed:
                self._maths(math)
        self._texts(root)
        for table in root.select("table"):
            if root in table.parents and table.find_parent("table") is None:
                _unnest(table)
                rows = [[self.restore(cell) for cell in row] for row in html_rows(table)]
                self._block(table, markdown_table(rows))
        self._unwrap_lines(root)
        return root

    def restore(self, text: str) -> str:
        """Put what was kept back in its place."""
        while _KEPT.search(text):
            text = _KEPT.sub(lambda m: self.kept[int(m[1])], text)
        return text

    def _unwrap_lines(self, root: "Tag") -> None:
        """Write every paragraph on one line."""
        root.smooth()
        for string in root.find_all(string=True):
            if string.find_parent("pre") is None:
                string.replace_with(re.sub(r"\s+([.,;](?:\s|$))", r"\1", re.sub(r"\s+", " ", string)))

    def _title(self, root: "Tag") -> None:
        heading = root.select_one("h1") or self._soup.select_one("h1")
        title = heading.get_text(" ") if heading else ""
        if not title.strip():
            meta = self._soup.select_one('meta[name="citation_title"]')
            title = str(meta.get("content", "")) if meta else ""
        if not title.strip() and self._soup.title and "untitled" not in self._soup.title.get_text().lower():
            title = self._soup.title.get_text()
        if heading:
            heading.decompose()
        if title.strip():
            tag = self._soup.new_tag("h1")
            tag.string = " ".join(title.split())
            root.insert(0, tag)

    def _keep(self, markdown: str) -> str:
        self.kept.append(markdown)
        return f"\ue000{len(self.kept) - 1}\ue001"

    def _block(self, tag: "Tag", markdown: str) -> None:
        paragraph = self._soup.new_tag("div")
        paragraph.string = self._keep(f"\n\n{markdown}\n\n")
        tag.replace_with(paragraph)

    def _equation(self, table: "Tag") -> None:
        """Turn a LaTeXML equation table into `$$…$$`, its rows into lines and its number into a tag."""
        rows = []
        for row in table.select("tr.ltx_eqn_row") or [table]:
            number = row.select_one(".ltx_tag_equation")
            cells = row.select("td:not(.ltx_eqn_eqno)") or [row]
            tex = " & ".join(filter(None, (_cell_tex(cell) for cell in cells)))
            if tex:
                rows.append(tex + (f" \\tag{{{number.get_text().strip(' ()')}}}" if number else ""))
        if len(rows) > 1 or (rows and "&" in rows[0]):
            rows = ["\\begin{aligned}", *[r + "\\\\" for r in rows[:-1]], rows[-1], "\\end{aligned}"]
        self._block(table, "\n".join(["$$", *rows, "$$"]) if rows else "")

    def _maths(self, math: "Tag") -> None:
        tex = _tex(math)
        if math.get("display") == "block" and math.find_parent("table") is None:
            self._block(math, f"$$\n{tex}\n$$")
        else:
            math.replace_with(self._keep(f"${tex.removeprefix(chr(92) + 'displaystyle').strip()}$") if tex else "")

    def _texts(self, root: "Tag") -> None:
        """Turn captions, theorem names, run-in headings, footnotes and citations into plain elements."""
        for selector, name in (
            (".ltx_font_bold", "strong"),
            (".ltx_font_italic", "em"),
            (".ltx_font_typewriter", "code"),
        ):
            for tag in root.select(f"span{selector}"):
                if tag.get_text().strip() and not tag.find(["div", "p", "table"]) and tag.find_parent(name) is None:
                    tag.name = name
        for cite in root.select("cite"):
            if not re.search(r"\w", cite.get_text()):
                cite.decompose()
        for note in root.select(".ltx_note.ltx_role_footnote"):
            content = note.select_one(".ltx_note_content") or note
            note.replace_with(f" (Footnote: {' '.join(content.get_text().split())})")
        for tag in root.select(
            "h6.ltx_title_theorem, h6.ltx_title_proof, .ltx_title_paragraph, .ltx_title_subparagraph"
        ):
            tag.name = "strong"
            tag.string = " ".join(tag.get_text().split())
            self._join_next(tag)
        for caption in root.select("figcaption, caption, .ltx_caption"):
            if not caption.decomposed:
                self._caption(caption)
        for tag in root.select(".ltx_tag_section, .ltx_tag_subsection, .ltx_tag_subsubsection, .ltx_tag_appendix"):
            tag.string = tag.get_text().strip() + " "
        for item in root.select(".ltx_tag_item"):
            self._item(item)
        for section in root.select(".ltx_appendix")[:1]:
            section.insert(0, self._paragraph("<!-- appendix -->"))
        for listing in root.select(".ltx_listing"):
            lines = [" ".join(line.get_text().split()) for line in listing.select(".ltx_listingline")]
            if lines:
                self._block(listing, "\n".join(f"- {line}" for line in lines))

    def _paragraph(self, markdown: str) -> "Tag":
        tag = self._soup.new_tag("div")
        tag.string = self._keep(f"\n\n{markdown}\n\n")
        return tag

    def _join_next(self, tag: "Tag") -> None:
        """Put a run-in title at the start of the paragraph that follows it."""
        following = tag.find_next("p")
        if following is not None:
            following.insert(0, tag.extract())
            tag.insert_after(" ")

    def _caption(self, caption: "Tag") -> None:
        """Put a caption before the figure or the table that it belongs to."""
        text = " ".join(caption.get_text().split())
        if text in self._captions:
            caption.decompose()
            return
        self._captions.add(text)
        owner = caption.find_parent(["figure", "table"]) or caption
        tag = self._paragraph(text)
        caption.decompose()
        if owner is not caption:
            owner.insert_before(tag)

    def _item(self, item: "Tag") -> None:
        """Drop the sign of a list's item; keep the term of a description in bold."""
        label = " ".join(item.get_text().split())
        if re.fullmatch(r"\W|\(?\w{1,4}[.)]?", label) or not label:
            item.decompose()
            return
        item.name = "strong"
        item.string = label
        self._join_next(item)


def _tex(math: "Tag") -> str:
    tex = str(math.get("alttext") or "")
    if not tex:
        annotation = math.select_one('annotation[encoding="application/x-tex"]')
        tex = annotation.get_text() if annotation else " ".join(math.get_text(" ").split())
    tex = re.sub(r"%\n\s*", "", tex)
    return " ".join(tex.replace("\\displaystyle", " ").split())


def _cell_tex(cell: "Tag") -> str:
    """Give the maths of a cell of an equation table; words between them become `\\text{…}`."""
    maths = [_tex(math) for math in cell.select("math")]
    words = " ".join(cell.get_text(" ").split())
    return " ".join(maths) if maths else f"\\text{{{words}}}" if words else ""


def _unnest(table: "Tag") -> None:
    """Write a table within a cell as the text of the cell."""
    for inner in table.select("table"):
        if not inner.decomposed:
            inner.replace_with(" ".join(inner.get_text(" ").split()))
