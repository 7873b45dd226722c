"""LaTeX commands of running text, sorted by what becomes of them."""

import unicodedata


def names(text: str) -> frozenset[str]:
    """Split words that are written one after another."""
    return frozenset(text.split())


DROPPED = names(
    """
    centering raggedright raggedleft noindent indent newpage clearpage cleardoublepage pagebreak
    linebreak nopagebreak maketitle bigskip medskip smallskip small footnotesize scriptsize tiny
    normalsize large Large LARGE huge Huge xspace protect par appendixname tableofcontents
    listoffigures listoftables onecolumn balance flushbottom sloppy bfseries itshape mdseries
    upshape rmfamily sffamily ttfamily scshape bf it rm sf tt sc sl em boldmath unboldmath hfill
    vfill hfil vfil null relax leavevmode ignorespaces unskip allowbreak nobreak samepage
    doublespacing singlespacing onehalfspacing hline toprule midrule bottomrule qed qedhere break
    strut nonumber notag icmltitlerunning printAffiliationsAndNotice frontmatter mainmatter
    backmatter makeatletter makeatother iclrfinalcopy textwidth linewidth columnwidth baselineskip
    titlepage normalfont selectfont Alph arabic alph roman
    """
)
"""Commands without an argument that say nothing."""

_DROPPED_BY_COUNT = {
    1: names(
        """
        vspace hspace vskip bibliographystyle usepackage RequirePackage documentclass pagestyle
        thispagestyle includegraphics thanks todo footnotemark phantom hphantom vphantom
        addbibresource graphicspath hypersetup nocite author date affiliation email institute
        address keywords icmlauthor icmlaffiliation icmlkeywords color pagenumbering balance
        captionsetup allowdisplaybreaks cmidrule cline addlinespace input bibitem index pdfoutput
        looseness linespread sisetup lstset tikzset usetikzlibrary newcolumntype setlist geometry
        icmlcorrespondingauthor authorrunning titlerunning ead tcbset theoremstyle
        """
    ),
    2: names(
        """
        PassOptionsToPackage icmlsetsymbol markboth counterwithin setlength addtolength setcounter
        addtocounter fontsize rule renewcommand newcommand providecommand titlespacing
        """
    ),
    3: names(
        """
        definecolor
        """
    ),
}
DROPPED_WITH = {name: count for count, names in _DROPPED_BY_COUNT.items() for name in names}
"""Commands that are left out with so many arguments."""

_KEPT_BY_COUNT = {
    1: names(
        """
        text textrm textsf textsc textnormal textup textmd mbox hbox fbox underline uline centerline
        makebox framebox textsuperscript textsubscript lowercase uppercase MakeUppercase
        MakeLowercase sout hl uwave vcenter thead makecell shortstack phantomsection subfloat
        subcaptionbox textls
        """
    ),
    2: names(
        """
        textcolor scalebox colorbox rotatebox raisebox parbox hyperlink hypertarget fcolorbox
        adjustbox
        """
    ),
    3: names(
        """
        resizebox multicolumn multirow
        """
    ),
}
KEPT = {name: count for count, names in _KEPT_BY_COUNT.items() for name in names}
"""Commands of which the last of so many arguments is text."""

BOLD = frozenset({"textbf", "mathbf", "boldsymbol"})
ITALIC = frozenset({"emph", "textit", "textsl"})
CODE = frozenset({"texttt", "code", "lstinline"})

CITE = names(
    """
    cite citep citet citealp citealt citeauthor citeyear citeyearpar Citet Citep parencite textcite
    autocite footcite shortcite citetext citenum fullcite citeA shortciteA citeN
    """
)

HEADINGS = {"chapter": 0, "section": 1, "subsection": 2, "subsubsection": 3}

SYMBOLS = {
    "dots": "…",
    "ldots": "…",
    "textellipsis": "…",
    "textbackslash": "\\",
    "S": "§",
    "P": "¶",
    "dag": "†",
    "ddag": "‡",
    "copyright": "©",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "textendash": "–",
    "textemdash": "—",
    "textquotedblleft": '"',
    "textquotedblright": '"',
    "textquoteleft": "'",
    "textquoteright": "'",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textregistered": "®",
    "texttrademark": "™",
    "textdegree": "°",
    "textbullet": "•",
    "textpm": "±",
    "texttimes": "×",
    "textunderscore": "_",
    "slash": "/",
    "quad": " ",
    "qquad": " ",
    "enspace": " ",
    "thinspace": " ",
    "space": " ",
    "newline": " ",
    "ss": "ß",
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "aa": "å",
    "AA": "Å",
    "i": "ı",
    "j": "ȷ",
    " ": " ",
    "\n": " ",
    "\\": " ",
    ",": " ",
    ";": " ",
    ":": " ",
    "!": "",
    "/": "",
    "-": "",
    "@": "",
    "%": "%",
    "&": "&",
    "#": "#",
    "_": "_",
    "{": "{",
    "}": "}",
    "$": "\\$",
}
"""Commands that are one character or two."""

_ACCENTS = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    '"': "\u0308",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    "c": "\u0327",
    "v": "\u030c",
    "u": "\u0306",
    "H": "\u030b",
    "k": "\u0328",
    "r": "\u030a",
    "d": "\u0323",
    "b": "\u0331",
}


def accent(name: str, letter: str) -> str | None:
    r"""Give the letter with the accent of `\'`, `\c` and the like; None if the command is no accent."""
    if name not in _ACCENTS or len(letter) != 1:
        return None
    base = {"ı": "i", "ȷ": "j"}.get(letter, letter)
    return unicodedata.normalize("NFC", base + _ACCENTS[name])


def is_accent(name: str) -> bool:
    """Tell whether the command puts an accent on the next letter."""
    return name in _ACCENTS
