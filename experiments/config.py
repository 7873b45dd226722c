"""Configuration: defaults, then each `-c FILE`, then each `--set key=value`, merged and validated once."""

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from data.errors import ConfigError
from program.sandbox.limits import Limits

CONFIGS = Path(__file__).parent / "configs"

_OF_THE_CLIENT = ("api_base", "base_url", "timeout", "model", "engine", "cache", "retries", "num_retries", "n")
_OF_THE_BACKBONE = ("temperature", "max_tokens", "max_completion_tokens", "extra_headers", "headers", "extra_body")
"""What `options` must not name: it has a place of its own, and keys have none at all."""

Role = Literal["planner", "analyst", "coder", "judge", "reflection", "debugger"]


class Settings(BaseModel):
    """A part of the configuration; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Price(Settings):
    """US dollars for a million tokens."""

    prompt: float = Field(ge=0)
    cached: float = Field(ge=0)
    completion: float = Field(ge=0)


class ApiBackbone(Settings):
    """Any provider that DSPy reaches, or any OpenAI-compatible server."""

    kind: Literal["api"]
    model: str
    """`provider/model` as DSPy names it; `openai/<model>` for a compatible server."""
    description: str = ""
    key: str | None = Field(default=None, pattern=r"^[A-Z][A-Z0-9_]*$")
    """Name of the environment variable with the key; null if the server asks for none."""
    api_base: str | None = None
    """Address of a compatible server, up to and with `/v1`."""
    context_tokens: int | None = Field(default=None, gt=0)
    """Length of the context, prompt and answer together."""
    max_tokens: int | None = Field(default=None, gt=0)
    """Limit of one answer, thinking included."""
    temperature: float | None = Field(default=None, ge=0)
    options: dict[str, Any] = Field(default_factory=dict)
    """Further generation options, e.g. `reasoning_effort`."""
    engine: Literal["lm15", "litellm"] = "lm15"
    """How DSPy reaches the provider: natively, or through LiteLLM, which knows more of them."""
    price: Price | None = None
    """Where it is not given, DSPy's price list is asked, unless `api_base` names a server of one's own."""
    timeout: float = Field(default=1200, gt=0)
    """Seconds to wait for the next byte of an answer."""
    retries: int = Field(default=4, ge=0)
    """How often a rate limit, a server error or a lost connection is tried again."""
    cache_marks: bool = False
    """Whether the provider caches prompts only up to marks (Anthropic)."""

    @field_validator("api_base")
    @classmethod
    def _is_an_address(cls, address: str | None) -> str | None:
        if address is not None and (not address.startswith(("http://", "https://")) or set("@?#") & set(address)):
            raise ValueError("must be an address such as http://localhost:8000/v1, without a name or a key in it")
        return address

    @field_validator("options")
    @classmethod
    def _are_of_the_generation(cls, options: dict[str, Any]) -> dict[str, Any]:
        if "api_key" in options:
            raise ValueError("must not hold a key; keys come from the environment, `key` names the variable")
        if named := [name for name in (*_OF_THE_CLIENT, *_OF_THE_BACKBONE) if name in options]:
            raise ValueError(f"must not hold {', '.join(named)}; only what goes with each request belongs there")
        return options


class RecordedBackbone(Settings):
    """The transcript of an earlier run."""

    kind: Literal["recorded"]
    description: str = ""
    transcript: Path | None = None
    """Where it lies; by default beside the paper."""
    context_tokens: int | None = None


class MailboxBackbone(Settings):
    """Files that somebody answers."""

    kind: Literal["mailbox"]
    description: str = ""
    folder: Path | None = None
    """Where requests and answers lie; by default `mailbox/` in the folder of the run."""
    context_tokens: int | None = Field(default=None, gt=0)
    timeout: float | None = Field(default=None, gt=0)
    """Seconds to wait for an answer; null waits for ever."""


Backbone = Annotated[ApiBackbone | RecordedBackbone | MailboxBackbone, Field(discriminator="kind")]


class Tracking(Settings):
    """MLflow."""

    enabled: bool
    experiment: str = Field(min_length=1)


class Judging(Settings):
    """The judge."""

    protocol: Literal["grounded", "paper"]
    samples: int = Field(gt=0, le=64)
    """Equal prompts, asked at once."""
    attempts: int = Field(gt=0, le=5)
    """How often an answer that cannot be used is asked for before its sample is invalid."""


class CompilePapers(Settings):
    """Papers as `papercoder run` takes them; a sample brings its reference along."""

    train: list[str]
    dev: list[str]
    test: list[str]


class CompileBudget(Settings):
    """Hard caps of a compilation; null means none."""

    runs: int = Field(gt=0)
    """Runs of the program, those on test papers among them."""
    calls: int | None = Field(gt=0)
    tokens: int | None = Field(gt=0)
    """Prompt and completion tokens."""
    cost: float | None = Field(gt=0)
    """US dollars."""


class Compiling(Settings):
    """`papercoder compile`."""

    optimizer: str
    """One of `optimizers.registry.OPTIMIZERS`."""
    options: dict[str, Any]
    """The optimizer's own settings, by their names in DSPy."""
    seed: int
    optimize: list[Literal["planner", "analyst", "coder"]] = Field(min_length=1)
    """Stages whose prompts may change; the others are frozen."""
    papers: CompilePapers
    reported: list[str]
    """Benchmarks of `data/benchmarks` that will be reported: none of their papers may be compiled on."""
    budget: CompileBudget
    referee: bool
    """Whether candidates are also judged against references, which is not optimized."""


class Executing(Settings):
    """`papercoder execute`, `papercoder debug` and `papercoder run --execute`."""

    backend: Literal["auto", "bubblewrap", "docker", "podman"]
    """The sandbox; `auto` is bubblewrap. Containers are used only where they are named."""
    image: str = Field(min_length=1)
    """Image of containers; it needs the Python of this program, to the minor version."""
    full: bool
    """Whether all experiments run after the quick mode."""
    rounds: int = Field(ge=0, le=100)
    """Repairs that the debugger tries at most."""
    tolerance: float = Field(ge=0)
    """Relative, for results that the paper states without a deviation."""
    wheelhouse: Path | None
    """Folder of wheels that stands in for the package index."""
    allow_packages: list[str]
    """Packages that are installed although their names look misspelt."""
    allow_builds: bool
    """Whether packages may be built from source, which runs their code outside of the sandbox."""
    cache: Path | None
    """Folder of the virtual environments; null for one below the user's cache."""
    limits: Limits
    """Of each command."""


class Config(Settings):
    """Everything that can be configured."""

    backbone: str | None
    """The backbone of all roles that `roles` does not name; null chooses one."""
    preferred: list[str]
    """Backbones to choose from, the first whose key is set."""
    roles: dict[Role, str]
    concurrency: int = Field(gt=0, le=512)
    """Calls under way at once."""
    judge: Judging
    compile: Compiling
    execution: Executing
    tracking: Tracking
    backbones: dict[str, Backbone]
    """By name; a file in `configs/backbones/` each, and those of the user's own files."""


def load_config(
    files: Sequence[Path] = (), overrides: Sequence[str] = (), base: dict[str, Any] | None = None
) -> Config:
    """Merge and validate the layers of a configuration.

    Args:
        files: YAML files, later ones over earlier ones.
        overrides: `key.path=value`, the value as YAML.
        base: What to lay them over instead of the defaults: the configuration of an earlier session.

    Raises:
        ConfigError: A file or a key cannot be used; the message names it and the choices.
    """
    merged = _merge(_defaults(), base or {})
    for path in files:
        merged = _merge(merged, _read(path))
    for override in overrides:
        merged = _merge(merged, _parse_override(override))
    return validate_config(merged)


def _defaults() -> dict[str, Any]:
    merged = _read(CONFIGS / "defaults.yaml")
    merged["backbones"] = {path.stem: _read(path) for path in sorted((CONFIGS / "backbones").glob("*.yaml"))}
    return merged


def validate_config(merged: Mapping[str, Any]) -> Config:
    """Validate a merged configuration.

    Raises:
        ConfigError: A key is unknown, misspelt, missing or has a wrong value.
    """
    try:
        config = Config.model_validate(merged)
    except ValidationError as error:
        raise ConfigError("configuration: " + "; ".join(_fault(fault) for fault in error.errors())) from None
    for name in config.preferred:
        if name not in config.backbones:
            raise ConfigError(f"configuration: preferred names {name!r}: {_choices(name, config.backbones)}")
    named: dict[str, str | None] = {
        "backbone": config.backbone,
        **{f"roles.{role}": name for role, name in config.roles.items()},
    }
    for key, choice in named.items():
        if choice is not None and choice not in config.backbones:
            raise ConfigError(f"configuration: {key} is {choice!r}: {_choices(choice, config.backbones)}")
    return config


def has_key(backbone: Backbone) -> bool:
    """Say whether what the backbone needs from the environment is there."""
    return (
        not isinstance(backbone, ApiBackbone) or backbone.key is None or bool(os.environ.get(backbone.key, "").strip())
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        content = _parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"configuration: no file {path}") from None
    except OSError as error:
        raise ConfigError(f"configuration: {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"configuration: {path} cannot be read as YAML: {error}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"configuration: {path} is not a mapping")
    return content


def _parse_override(override: str) -> dict[str, Any]:
    key, equals, value = override.partition("=")
    if not equals or not all(key.split(".")):
        raise ConfigError(f"configuration: --set takes key.path=value, not {override!r}")
    try:
        layer = _parse(value)
    except ValueError as error:
        raise ConfigError(f"configuration: the value of --set {key} is not YAML: {error}") from None
    for part in reversed(key.split(".")):
        layer = {part: layer}
    return layer


def _parse(text: str) -> Any:
    """Parse YAML; errors name the place and quote nothing, for it may be a key.

    Raises:
        ValueError: It is not YAML, or a value in it is none.
    """
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ValueError(f"{place}{error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _merge(base: dict[str, Any], layer: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in layer.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, Mapping) else value
    return merged


def _fault(fault: Any) -> str:
    """Say what is wrong with which key; values are shown only where nobody can have put an API key."""
    loc = fault["loc"]
    if loc[0] == "backbones":
        loc = (*loc[:2], *loc[3:])  # without the kind of the backbone
    place = [str(part) for part in loc if part != "[key]"]
    key = ".".join(place)
    if fault["type"] == "extra_forbidden":
        return f"unknown key {key!r}: {_choices(place[-1], _keys(fault['loc'][:-1]))}"
    if loc[-1] == "[key]" and place[0] == "roles":
        return f"unknown key {key!r}: {_choices(place[-1], get_args(Role))}"
    if fault["type"] == "missing":
        return f"{key!r} is missing"
    if fault["type"] == "union_tag_not_found":
        return f"{key + '.kind'!r} is missing: api, recorded or mailbox"
    if fault["type"] == "value_error":
        return f"{key!r} {fault['msg'].removeprefix('Value error, ')}"
    if place[-1] == "key":
        return f"{key!r} must be the name of an environment variable, in capitals"
    if isinstance(fault["input"], Mapping) or place[-1] == "options" or (len(place) < 3 and place[0] == "backbones"):
        return f"{key!r}: {fault['msg']}"
    return f"{key!r} is {fault['input']!r}: {fault['msg']}"


def _keys(loc: Sequence[Any]) -> list[str]:
    models: dict[str, type[BaseModel]] = {
        "api": ApiBackbone,
        "recorded": RecordedBackbone,
        "mailbox": MailboxBackbone,
        "tracking": Tracking,
        "judge": Judging,
        "compile": Compiling,
        "papers": CompilePapers,
        "budget": CompileBudget,
        "execution": Executing,
        "limits": Limits,
        "price": Price,
    }
    for part in reversed(loc):
        if part in models:
            return list(models[part].model_fields)
    return list(Config.model_fields)


def _choices(name: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return (f"did you mean {close[0]!r}? " if close else "") + f"the choices are {', '.join(known)}"
