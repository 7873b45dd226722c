"""Lines of requirements.txt."""

from packaging.requirements import InvalidRequirement, Requirement


def requirement_line(line: str) -> str:
    """Return a line of requirements.txt without blanks around it.

    Raises:
        ValueError: It is no package of the index.
    """
    line = line.strip()
    try:
        requirement = Requirement(line)
    except InvalidRequirement as error:
        raise ValueError(f"{line!r} is not a requirement line such as 'numpy>=1.26': {error}".splitlines()[0]) from None
    if requirement.url:
        raise ValueError(f"{line!r} names an address; only packages of the index are allowed")
    return line
