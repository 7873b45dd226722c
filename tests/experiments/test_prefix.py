"""How much of a prompt stood at the head of an earlier one: held against the definition."""

import random

import pytest

from experiments.backbones.prefix import PrefixIndex, common_prefix
from tests.experiments.prefixes import shared_with


@pytest.mark.parametrize(
    ("one", "other", "length"), [("", "", 0), ("a", "", 0), ("a", "b", 0), ("abc", "abd", 2), ("ab", "abc", 2)]
)
def test_the_common_prefix_of_two_texts(one: str, other: str, length: int) -> None:
    assert common_prefix(one, other) == common_prefix(other, one) == length


def test_what_is_known_to_be_equal_is_counted() -> None:
    assert common_prefix("abcdef", "abcxyz", known=2) == 3


def test_the_longest_shared_head_is_found_among_many() -> None:
    chance = random.Random(0)
    index = PrefixIndex()
    for _ in range(400):
        earlier = chance.choice([*index.prompts, ""])
        cut = chance.randint(0, len(earlier))
        prompt = earlier[:cut] + "".join(chance.choices("ab", k=chance.randint(0, 6)))
        which, shared = index.longest(prompt)
        best = max((shared_with(prompt, other) for other in index.prompts), default=0)
        assert shared == best
        assert (which is None) == (best == 0)
        if which is not None:
            assert index.prompts[which][:shared] == prompt[:shared]
        index.prompts.append(prompt)
