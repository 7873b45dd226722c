"""The definition of a shared prefix, to hold faster ways against."""


def shared_with(one: str, other: str) -> int:
    """Count equal leading characters, one by one."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count
