"""A scatter plot, drawn without a display and byte for byte the same each time."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

_MARKERS = "os^DvP*Xph"


@dataclass(frozen=True)
class Point:
    """One point and the label that its colour stands for."""

    label: str
    x: float
    y: float


@dataclass(frozen=True)
class Picture:
    """A figure in the two formats it is kept in."""

    png: bytes
    svg: str


def draw_scatter(points: Sequence[Point], title: str, x: str, y: str) -> Picture:
    """Draw points on the scale 1 to 5, a colour for each label in order of appearance.

    Args:
        points: What to draw.
        title: Stands above the axes.
        x: Name of the horizontal axis.
        y: Name of the vertical axis.
    """
    import matplotlib
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4.5), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    colours = matplotlib.colormaps["tab10"]
    labels = list(dict.fromkeys(point.label for point in points))
    handles = []
    for index, label in enumerate(labels):
        mine = [point for point in points if point.label == label]
        marker = _MARKERS[index // 10 % len(_MARKERS)]  # ten colours, then the next marker
        handles.append(
            axes.scatter(
                [point.x for point in mine],
                [point.y for point in mine],
                color=colours(index % 10),
                marker=marker,
                alpha=0.7,
                clip_on=False,
            )
        )
    axes.set(xlim=(1, 5), ylim=(1, 5), xticks=range(1, 6), yticks=range(1, 6), xlabel=x, ylabel=y, title=title)
    axes.grid(alpha=0.3)
    legend = axes.legend(handles, labels, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)  # a $ in a method's name is a $
    png, svg = io.BytesIO(), io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "papercoder", "svg.fonttype": "none"}):
        figure.savefig(png, format="png", metadata={"Software": None})
        figure.savefig(svg, format="svg", metadata={"Date": None})
    return Picture(png.getvalue(), svg.getvalue())
