"""LaTeX: what becomes of its environments and commands."""

from pathlib import Path

import pytest

from data import PaperError, read_paper
from data.latex.macros import expand_macros
from data.paper import Paper


def read(body: str, folder: Path, preamble: str = "") -> Paper:
    path = folder / "paper.tex"
    path.write_text(
        f"\\documentclass{{article}}\n{preamble}\n\\title{{Wool}}\n\\begin{{document}}\n{body}\n\\end{{document}}\n",
        encoding="utf-8",
    )
    return read_paper(path)


def text(body: str, folder: Path, preamble: str = "") -> str:
    return read(f"\\section{{A}}\n{body}", folder, preamble).sections[0].text


def test_a_macro_within_the_argument_of_the_same_macro_loses_nothing(tmp_path: Path) -> None:
    preamble = r"\newcommand{\norm}[1]{\|#1\|}\newcommand{\x}{\mathbf{x}}"
    assert text(r"So $\norm{\norm{\x} + y}$ and all the rest.", tmp_path, preamble) == (
        r"So $\|\|\mathbf{x}\| + y\|$ and all the rest."
    )


@pytest.mark.parametrize(
    ("source", "expanded"),
    [
        (r"\newcommand\R{\mathbb{R}}$\R^d$", r"$\mathbb{R}^d$"),
        (r"\def\half#1#2{(#1/#2)}\half ab", "(a/b)"),
        (r"\newcommand{\f}[2][x]{#1:#2}\f{a} \f[b]{c}", "x:a b:c"),
        (r"\renewcommand{\vec}[1]{\mathbf{#1}}\vec{v}", r"\mathbf{v}"),
        (r"\let\old\vec\renewcommand{\vec}[1]{\old{#1}}\vec{v}", r"\vec{v}"),
        (r"\DeclareMathOperator*{\argmin}{arg\,min}\argmin_x", r"\operatorname*{arg\,min}_x"),
        (r"\DeclarePairedDelimiter{\abs}{\lvert}{\rvert}\abs*{x}", r"\left\lvert x \right\rvert"),
        (r"\NewDocumentCommand{\g}{O{1} m}{#1-#2}\g{a}\g[2]{b}", "1-a2-b"),
        (r"\newif\iflong\longtrue\iflong yes\else no\fi", " yes"),
        (r"\newif\iflong\iflong yes\else no\fi", " no"),
        (r"\iffalse \ifx a\else b\fi gone\fi kept", " kept"),
        (r"\newenvironment{claimbox}[1]{\textbf{#1}}{END}\begin{claimbox}{T}x\end{claimbox}", r"\textbf{T}xEND"),
        (r"\newcommand{\ours}{WOOL}\ours{} is \ours", "WOOL is WOOL"),
        (r"\newcommand{\a}{\alpha}$\a b$", r"$\alpha b$"),
        (r"\providecommand{\p}{1}\providecommand{\p}{2}\p", "1"),
        (r"\renewcommand{\section}[1]{gone}\section{Kept}", r"\section{Kept}"),
    ],
)
def test_expands(source: str, expanded: str) -> None:
    assert expand_macros(source) == expanded


@pytest.mark.parametrize(
    "bomb",
    [
        r"\newcommand{\a}{x\a}\a",
        r"\def\a{\b}\def\b{\a}\a",
        "".join(rf"\newcommand{{\m{chr(97 + i)}}}{{\m{chr(98 + i)}\m{chr(98 + i)}}}" for i in range(25)) + r"\ma",
        r"\newcommand{\d}[1]{#1#1}" + r"\d{" * 60 + "x" + "}" * 60,
        r"\newcommand{\a}{" + "y" * 1_000_000 + "}" + r"\a " * 1000,
        r"\newenvironment{e}{\begin{e}}{\end{e}}\begin{e}x\end{e}",
    ],
)
def test_a_macro_bomb_is_an_error_that_names_a_macro(bomb: str) -> None:
    with pytest.raises(PaperError, match=r"without (?:end|measure)"):
        expand_macros(bomb)


def test_takes_simple_macros_from_the_papers_own_style_file(tmp_path: Path) -> None:
    (tmp_path / "own.sty").write_text("\\newcommand{\\sheep}{ovis}\n\\def\\section{gone}\n", encoding="utf-8")
    assert text(r"One \sheep{} here.", tmp_path, r"\usepackage{own}") == "One ovis here."


def test_comments_are_gone_and_escaped_percent_signs_and_addresses_are_not(tmp_path: Path) -> None:
    body = "50\\% of % hidden \\input{gone}\nit, see \\url{http://x.org/a%20b}.\n%hidden\n"
    body += "\\begin{comment}\nhidden\n\\end{comment}"
    assert text(body, tmp_path) == "50% of it, see http://x.org/a%20b."


def test_numbers_and_references_are_resolved(tmp_path: Path) -> None:
    body = r"""
\section{One}\label{s:one}
\subsection{Sub}\label{s:sub}
\begin{align} a &= b \label{e:a} \\ c &= d \nonumber \\ e &= f \label{e:f} \end{align}
\begin{theorem}[Wool]\label{t:w} It is warm. \end{theorem}
\begin{figure}\label{f:early}\includegraphics{x}\caption{Sheep.}\label{f:x}\end{figure}
See \ref{s:sub}, \eqref{e:f}, \cref{t:w}, \autoref{f:x}, Figure~\ref{f:early} and \ref{gone}.
\appendix
\section{More}\label{s:more}
See \cref{s:more,s:one}.
"""
    paper = read(body, tmp_path)
    assert [s.title for s in paper.sections] == ["1 One", "1.1 Sub", "A More"]
    assert "See 1.1, (2), Theorem 1, Figure 1, Figure 1 and gone." in paper.sections[1].text
    assert "**Theorem 1 (Wool).** It is warm." in paper.sections[1].text
    assert paper.sections[2].text == "See Appendices A, 1."
    assert paper.equations == ("\\begin{aligned}\na &= b \\tag{1}\\\\\nc &= d\\\\\ne &= f \\tag{2}\n\\end{aligned}",)


def test_display_equations_of_every_kind_become_blocks(tmp_path: Path) -> None:
    body = r"A \[ a \] B $$ b $$ C \begin{equation*} c \end{equation*} D \begin{gather} d \end{gather} E"
    paper = read(r"\section{A}" + body, tmp_path)
    assert [" ".join(e.split()) for e in paper.equations] == [
        "a",
        "b",
        "c",
        r"\begin{gathered} d \tag{1} \end{gathered}",
    ]


def test_lists_keep_their_nesting_and_their_terms(tmp_path: Path) -> None:
    body = r"\begin{itemize}\item One \begin{enumerate}\item a \item b\end{enumerate}\item[Two] end\end{itemize}"
    assert text(body, tmp_path) == "- One\n  1. a\n  2. b\n- **Two** end"


def test_tables_keep_spans_nested_cells_and_maths(tmp_path: Path) -> None:
    body = r"""
\begin{table}\caption{Wool.}
\begin{tabular}{l|cc} \toprule
\multirow{2}{*}{Breed} & \multicolumn{2}{c}{Wool} \\ \cmidrule(lr){2-3}
 & \begin{tabular}{@{}c@{}}per\\day\end{tabular} & \makecell{per \\ year} \\ \midrule
\textbf{Merino} & $|x|$ & 50\% \tabularnewline
\bottomrule\end{tabular}\end{table}
"""
    (table,) = read(r"\section{A}" + body, tmp_path).tables
    assert table.body.split("\n") == [
        "| Breed | Wool |  |",
        "|---|---|---|",
        "|  | per day | per year |",
        "| **Merino** | $\\vert x\\vert $ | 50% |",
    ]


def test_algorithms_become_nested_lists(tmp_path: Path) -> None:
    body = r"""
\begin{algorithm}\caption{Count}\begin{algorithmic}[1]
\Require flock $F$
\For{$s \in F$} \If{$s$ is asleep} \State skip \Comment{rest} \Else \State $n \gets n+1$ \EndIf \EndFor
\State \Return $n$
\end{algorithmic}\end{algorithm}
"""
    assert text(body, tmp_path).split("\n") == [
        "**Algorithm 1:** Count",
        "",
        "- **Require:** flock $F$",
        "- for $s \\in F$ do",
        "  - if $s$ is asleep then",
        "    - skip ▷ rest",
        "  - else",
        "    - $n \\gets n+1$",
        "- return $n$",
    ]


def test_accents_quotes_dashes_and_emphasis(tmp_path: Path) -> None:
    body = r"``K\"onig'' --- \'Elan, \c{c}a, Erd\H{o}s, \emph{so}, {\bf bold} and "
    body += r"\textbf{$x$}, \texttt{a\_b}~\S 2\footnote{Note.}"
    assert text(body, tmp_path) == ('"König" — Élan, ça, Erdős, *so*, **bold** and **$x$**, `a_b` §2 (Footnote: Note.)')


def test_run_in_titles_stay_in_their_section(tmp_path: Path) -> None:
    assert text(r"First. \paragraph{Dropout} It helps.", tmp_path) == "First.\n\n**Dropout** It helps."


def test_verbatim_text_is_left_alone(tmp_path: Path) -> None:
    body = "\\begin{lstlisting}[language=Python]\nx = 5 % 3  # {\n\\end{lstlisting}\nAfter."
    assert "x = 5 % 3  # {" in text(body, tmp_path)
    assert text(body, tmp_path).endswith("After.")


def test_what_is_unknown_keeps_its_text(tmp_path: Path) -> None:
    body = r"\strange{word} and \dmodel{} with \begin{oddbox}inside\end{oddbox}"
    assert text(body, tmp_path) == "word and \\dmodel with\n\ninside"


@pytest.mark.parametrize(
    "body", ["{" * 3000 + "x", r"\textbf{" * 3000 + "x", r"$x", r"\begin{equation} x", r"} x \end{q}"]
)
def test_unbalanced_latex_neither_crashes_nor_hangs(body: str, tmp_path: Path) -> None:
    assert "x" in text(f"Sheep {body}", tmp_path)


def test_nesting_without_measure_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PaperError, match="nested too deeply"):
        text(r"\textbf{" * 3000 + "x" + "}" * 3000, tmp_path)
