"""What every artifact of a run has in common: how it is checked, written and read."""

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Annotated, Any, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, field_validator

_LOST_BACKSLASH = re.compile(
    r"[\x07\x08\x0b\x0c\r]"
    r"|\t(?=heta|au|ext|imes|ilde|frac|anh|riangle|op?\b)"
    r"|\n(?=abla\b|otin\b)|(?<=[ $])\n(?=(?:u|eq?|eg|ot)(?:\b|_))"
)
"""TeX commands that JSON has taken for control characters: \\beta, \\frac, \\rho, \\theta, \\nabla, \\nu …"""


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").encode("utf-8", "replace").decode()  # half a surrogate pair has no UTF-8
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))


Text = Annotated[str, AfterValidator(_clean)]
"""Prose or code of a model's answer, without trailing blanks."""


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


Filled = Annotated[Text, AfterValidator(_filled)]
"""Text that must not be empty."""


def each(check: Callable[[str], str]) -> AfterValidator:
    """Return a validator of lists that applies a check to each text; prompts show such a list as `string[]`."""

    def check_all(texts: list[str]) -> list[str]:
        checked, faults = [], []
        for number, text in enumerate(texts):
            try:
                checked.append(check(text))
            except ValueError as error:
                faults.append(f"item {number}: {error}")
        if faults:
            raise ValueError("; ".join(faults))
        return checked

    return AfterValidator(check_all)


Texts = Annotated[list[str], each(_clean)]
"""Several texts."""


class Item(BaseModel):
    """A part of an artifact, answered as JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    @field_validator("*", mode="before")
    @classmethod
    def _keeps_its_backslashes(cls, value: Any) -> Any:
        for text in value if isinstance(value, list) else [value]:
            text = text.replace("\r\n", "\n") if isinstance(text, str) else ""
            if found := _LOST_BACKSLASH.search(text):
                near = text[max(0, found.start() - 20) : found.end() + 20]
                raise ValueError(
                    f"a backslash was lost near {near!r}: "
                    "inside JSON strings write TeX as \\\\theta, with two backslashes"
                )
        return value


class Artifact(BaseModel):
    """One answer of one stage: a section of the answer for each field, text as it is, the rest as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    def to_yaml(self) -> str:
        """Return the artifact as it stands in prompts and on disk."""
        return self._yaml

    @cached_property
    def _yaml(self) -> str:  # rendered once: it stands in the prompts of all files
        plain = self.model_dump(mode="json")
        return yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100_000)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy as pydantic does, but not what was rendered."""
        copy = super().model_copy(update=update, deep=deep)
        copy.__dict__.pop("_yaml", None)
        return copy

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
