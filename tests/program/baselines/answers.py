"""Answers to script: artifacts as a model would write them."""

from typing import Any

import dspy

from program.adapter import SharedPrefixAdapter
from signatures.artifact import Artifact
from signatures.bundle import join_files
from signatures.sections import COMPLETED, header
from tests.program.scripted import Script

_ADAPTER = SharedPrefixAdapter()


def answer(signature: type[dspy.Signature], **fields: Any) -> str:
    """Return the answer that gives these fields of the signature's artifact, checked for nothing."""
    [(step, field)] = signature.output_fields.items()
    kind: type[Artifact] = field.annotation
    assert set(fields) == set(kind.model_fields)
    return _ADAPTER.format_assistant_message_content(signature, {step: kind.model_validate(fields)})


def bundle(texts: dict[str, str]) -> str:
    """Return the answer that writes these files, even where they could not be accepted."""
    return f"{header('files')}\n{join_files(texts)}\n{header(COMPLETED)}"


def instruction(signature: type[dspy.Signature]) -> str:
    """Return the first line of what the signature's prompts ask for."""
    return f"{header('task')}\n{signature.instructions.splitlines()[0]}\n"


def asked(script: Script, *signatures: type[dspy.Signature]) -> list[str]:
    """Name the signature of each prompt, in order."""
    return [
        next((s.__name__ for s in signatures if instruction(s) in prompt), "something else")
        for prompt in script.prompts
    ]


def shown(prompt: str, name: str) -> str:
    """Return what stands in a section of a prompt, the first of that name."""
    _, found, behind = prompt.partition(f"{header(name)}\n")
    assert found, f"no section {name}"
    return behind.partition("\n[[ ## ")[0].partition("\nNow answer, ")[0].strip()
