"""What a repository needs is found in all places where repositories say so."""

import pytest

from program.execution.requirements import requirements_of
from program.repository import Listing


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('[project]\ndependencies = ["numpy>=1", "pyyaml"]\n', ["six", "numpy>=1", "pyyaml"]),
        ("[project]\nname = 'x'\n", ["six"]),
        ("[project]\ndependencies = 'numpy'\n", ["six"]),
        ("[", ["six"]),
        ("", ["six"]),
    ],
)
def test_packages_are_also_those_of_pyproject_toml(text: str, wanted: list[str]) -> None:
    listing = Listing(files={"requirements.txt": "six\n", "pyproject.toml": text})
    assert requirements_of(listing).split() == wanted


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"requirements.txt": "-r base.txt\nsix\n", "base.txt": "numpy\n"}, ["six", "numpy"]),
        (
            {"requirements.txt": "--requirement=a/b.txt", "a/b.txt": "-r ../c.txt\nsix", "c.txt": "tqdm"},
            ["six", "tqdm"],
        ),
        ({"requirements.txt": "-r requirements.txt\n-r ./a.txt\n", "a.txt": "-ra.txt\nsix"}, ["six"]),
        ({"requirements.txt": "six\n-r /etc/passwd\n-r ../up.txt"}, ["six", "-r", "/etc/passwd", "-r", "../up.txt"]),
        ({"requirements.txt": "six  # not -r base.txt\n", "base.txt": "numpy"}, ["six", "#", "not", "-r", "base.txt"]),
        ({f"{n or 'requirements'}.txt": f"-r {n + 1}.txt\n" for n in range(5000)} | {"5000.txt": "six"}, ["six"]),
    ],
    ids=["a file", "a file of a file", "itself", "not in the repository", "a comment", "very many"],
)
def test_files_that_requirements_include_are_read_too(files: dict[str, str], wanted: list[str]) -> None:
    assert requirements_of(Listing(files=files)).split() == wanted
