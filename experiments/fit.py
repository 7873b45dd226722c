"""Papers and the contexts of language models."""

from collections.abc import Iterable

from data.errors import PaperError
from data.paper import Paper
from experiments.config import ApiBackbone, Config
from program.judge import DEFAULT_ROOM


def fit(paper: Paper, config: Config, backbones: Iterable[str]) -> tuple[Paper, list[str]]:
    """Drop the appendices of a paper that is too long for the context of a backbone.

    References are dropped by the readers already. Three tenths of the context are kept for the plan and the code.

    Returns:
        The paper, and what to tell the user.

    Raises:
        PaperError: It is too long even without appendices.
    """
    rooms = {name: room for name in set(backbones) if (room := _room(config, name)) is not None}
    if not rooms:
        return paper, []
    name = min(rooms, key=rooms.__getitem__)
    whole, room = _tokens(paper), rooms[name]
    if whole <= room:
        return paper, []
    shorter = paper.without_appendices()
    rest = _tokens(shorter)
    if rest <= room:
        return shorter, [
            f"the paper has about {whole:,} tokens and backbone {name!r} has room for {room:,}: "
            f"its appendices were dropped, {rest:,} remain"
        ]
    raise PaperError(
        f"the paper has about {whole:,} tokens, {rest:,} without appendices, and backbone {name!r} has room for "
        f"{room:,} "
        f"(context of {config.backbones[name].context_tokens:,}, less the answer and three tenths for plan and code); "
        "use a backbone with a longer context"
    )


def _room(config: Config, name: str) -> int | None:
    """Return how many tokens a paper may have: seven tenths of the context, less the answer."""
    backbone = config.backbones[name]
    if backbone.context_tokens is None:
        return None
    answer = backbone.max_tokens or 0 if isinstance(backbone, ApiBackbone) else 0
    return max(0, backbone.context_tokens * 7 // 10 - answer)


def _tokens(paper: Paper) -> int:
    return len(paper.markdown) // 4


MARGIN = 6_000
"""Tokens kept for instructions, the form of the answer and the error of the estimate's last digits."""

ANSWER = 16_000
"""Tokens kept for a verdict where the backbone's limit is not known."""


def room_of_prompt(config: Config, name: str) -> int:
    """Return how many tokens the material of a prompt may take, nine tenths of what is left beside the answer.

    Where the context of the backbone is not known, that is `program.judge.DEFAULT_ROOM`.
    """
    backbone = config.backbones[name]
    if backbone.context_tokens is None:
        return DEFAULT_ROOM
    answer = (backbone.max_tokens if isinstance(backbone, ApiBackbone) else None) or ANSWER
    quoted = ANSWER if config.judge.attempts > 1 else 0  # an answer that cannot be used, when it is asked for again
    return max(0, (backbone.context_tokens - answer - quoted - MARGIN) * 9 // 10)
