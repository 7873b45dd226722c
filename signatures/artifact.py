"""What every artifact of a run has in common: how it is checked, written and read."""

import re
from typing import Annotated, Any, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, PrivateAttr

_LOST_BACKSLASH = re.compile(r"[\x07\x08\x0b\x0c\r]|\t(?=heta|au|ext|imes|ilde|frac)|\n(?=abla\b|otin\b)")


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n")
    if found := _LOST_BACKSLASH.search(text):
        start = max(0, found.start() - 20)
        near = text[start : found.end() + 20]
        raise ValueError(
            f"a backslash was lost near {near!r}: inside JSON strings write TeX as \\\\theta, with two backslashes"
        )
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))


Text = Annotated[str, AfterValidator(_clean)]
"""Prose or code of a model's answer: no trailing blanks, no backslash swallowed by JSON."""


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


Filled = Annotated[Text, AfterValidator(_filled)]
"""Text that must not be empty."""


class Item(BaseModel):
    """A part of an artifact, answered as JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Artifact(BaseModel):
    """One answer of one stage: a section of the answer for each field, text as it is, the rest as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    _yaml: str | None = PrivateAttr(default=None)

    def to_yaml(self) -> str:
        """Return the artifact as it stands in prompts and on disk."""
        if self._yaml is None:  # rendered once: it stands in the prompts of all files
            plain = self.model_dump(mode="json")
            self._yaml = yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100_000)
        return self._yaml

    @classmethod
    def from_yaml(cls, text: str) -> Self:
        """Read what `to_yaml` wrote.

        Raises:
            yaml.YAMLError: The text is not YAML.
            pydantic.ValidationError: The text is not this artifact.
        """
        return cls.model_validate(yaml.safe_load(text))


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as literal blocks, so that people can edit them."""


def _represent_text(dumper: _Dumper, text: str) -> Any:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
