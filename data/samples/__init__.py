"""The samples that come with PaperCoder: a paper and a reference implementation each, the first also recorded runs."""

from pathlib import Path


def sample_names() -> list[str]:
    """Return the names of the bundled samples."""
    return sorted(path.parent.name for path in Path(__file__).parent.glob("*/paper.md"))


def find_sample(name: str) -> str | None:
    """Return the path of a sample's paper, or None if no sample has this name or a file or folder of the name exists."""
    if name not in sample_names() or Path(name).exists():
        return None
    return str(Path(__file__).parent / name / "paper.md")
