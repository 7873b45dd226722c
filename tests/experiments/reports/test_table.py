"""A table as Markdown, CSV and LaTeX."""

import csv
import io

import pytest

from experiments.reports.table import Column, Entry, Table

TABLE = Table(
    title="Sizes",
    caption="Two methods.",
    columns=(Column("Method"), Column("A", "First"), Column("B", "First"), Column("C", "Second"), Column("D")),
    rows=(
        (Entry("Paper"), Entry("1"), Entry("2", best=True), Entry("3"), Entry()),
        (Entry("Ours"), Entry("4", best=True, significant=True), Entry("1"), Entry("2"), Entry("0")),
    ),
    notes=("One note.",),
)


def single(text: str) -> Table:
    return Table("T", "", (Column("Method"),), ((Entry(text),),))


def test_markdown_marks_the_best_and_names_the_group_of_each_column():
    assert TABLE.markdown() == (
        "## Sizes\n\nTwo methods.\n\n"
        "| Method | First: A | First: B | Second: C | D |\n"
        "| :-- | --: | --: | --: | --: |\n"
        "| Paper | 1 | **2** | 3 | - |\n"
        "| Ours | **4**\\* | 1 | 2 | 0 |\n"
        "\n- One note.\n"
    )


def test_a_column_without_a_name_is_headed_by_its_group():
    assert Table("T", "", (Column("Method"), Column("", "First")), ()).csv() == "Method,First\n"


def test_latex_spans_groups_over_their_columns():
    assert TABLE.latex().splitlines() == [
        r"\begin{table}",
        r"\centering",
        r"\caption{Sizes. Two methods.}",
        r"\begin{tabular}{lrrrr}",
        r"\toprule",
        r" & \multicolumn{2}{c}{First} & \multicolumn{1}{c}{Second} &  \\",
        r"\cmidrule(lr){2-3} \cmidrule(lr){4-4}",
        r"Method & A & B & C & D \\",
        r"\midrule",
        r"Paper & 1 & \textbf{2} & 3 & - \\",
        r"Ours & \textbf{4}$^{*}$ & 1 & 2 & 0 \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\par{\footnotesize One note.\par}",
        r"\end{table}",
    ]


def test_latex_without_groups_has_one_row_of_heads():
    assert r"\cmidrule" not in single("x").latex()


def test_csv_has_no_marks():
    assert TABLE.csv() == "Method,First: A,First: B,Second: C,D\nPaper,1,2,3,-\nOurs,4,1,2,0\n"


@pytest.mark.parametrize("text", ["a,b", 'say "so"', "two\nlines", "a|b", "größe α", " padded "])
def test_csv_gives_back_every_text(text):
    assert list(csv.reader(io.StringIO(single(text).csv()))) == [["Method"], [text]]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", r"a\|b"),
        ("*bold* `code`", r"\*bold\* \`code\`"),
        ("<b> 1 < 2", r"\<b> 1 < 2"),
        ("tight_to_loose _x_", r"tight_to_loose \_x\_"),
        ("a\\b", r"a\\b"),
        ("two\n| lines", r"two \| lines"),
        ("[link](x) $x$ &lt; R&D", r"\[link\](x) \$x\$ \&lt; R&D"),
    ],
)
def test_markdown_shows_names_as_they_are(text, escaped):
    assert single(text).markdown().splitlines()[-1] == f"| {escaped} |"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("R&D 50% #1 a_b $x$ {y}", r"R\&D 50\% \#1 a\_b \$x\$ \{y\}"),
        ("a\\b ~ ^", r"a\textbackslash{}b \textasciitilde{} \textasciicircum{}"),
        ("<a> | ↑ ↓", r"\textless{}a\textgreater{} \textbar{} $\uparrow$ $\downarrow$"),
        ("[x] *", "{[}x{]} {*}"),
        ("--out ---", "-{}-out -{}-{}-"),
        ("two\n\nlines", "two lines"),
    ],
)
def test_latex_shows_names_as_they_are(text, escaped):
    assert rf"{escaped} \\" in single(text).latex().splitlines()


def test_a_row_that_is_too_short_is_refused():
    with pytest.raises(ValueError, match="'T' differ in length from its 2 columns"):
        Table("T", "", (Column("a"), Column("b")), ((Entry("x"),),))
