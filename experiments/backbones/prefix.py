"""How much of a prompt stood at the head of an earlier one."""


class PrefixIndex:
    """Remembers prompts and finds the one that shares the longest head with a new one."""

    def __init__(self) -> None:
        self.prompts: list[str] = []

    def longest(self, prompt: str) -> tuple[int | None, int]:
        """Return which earlier prompt shares most of its head with this one (its index), and how many characters."""
        best, shared = None, 0
        for index in range(len(self.prompts) - 1, -1, -1):
            other = self.prompts[index]
            if other[shared : shared + 1] != prompt[shared : shared + 1] or not prompt.startswith(other[:shared]):
                continue
            length = common_prefix(prompt, other, shared)
            if length > shared:
                best, shared = index, length
            if shared == len(prompt):
                break
        return best, shared


def common_prefix(one: str, other: str, known: int = 0) -> int:
    """Return the number of leading characters that two texts share, of which `known` are known to be equal."""
    low, high = known, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
