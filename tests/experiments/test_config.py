"""Layers of a configuration, and what is said of one that cannot be used."""

from pathlib import Path

import pytest

from data.errors import ConfigError
from experiments.config import ApiBackbone, load_config

KEY = "sk-pasted-4f2a9c"


def fault(*overrides: str, file: str | bytes | None = None) -> str:
    """Return the one line that a configuration is refused with."""
    files = []
    if file is not None:
        files = [Path("mine.yaml")]
        files[0].write_bytes(file if isinstance(file, bytes) else file.encode())
    with pytest.raises(ConfigError) as caught:
        load_config(files, overrides)
    message = str(caught.value)
    assert message.startswith("configuration: ")
    assert "\n" not in message
    return message


def test_defaults_are_valid_and_hold_every_file_of_the_backbones_folder() -> None:
    config = load_config()
    assert {"o3-mini", "vllm", "ollama", "recorded", "mailbox"} <= set(config.backbones)
    assert config.backbone is None
    assert config.tracking.enabled


def test_later_files_lie_over_earlier_ones_and_set_over_files() -> None:
    Path("one.yaml").write_text("concurrency: 1\ntracking: {experiment: one}\n")
    Path("two.yaml").write_text("tracking: {experiment: two}\n")
    config = load_config([Path("one.yaml"), Path("two.yaml")], ["tracking.enabled=false"])
    assert config.concurrency == 1
    assert (config.tracking.experiment, config.tracking.enabled) == ("two", False)


def test_set_reads_its_value_as_yaml_and_keeps_the_neighbours() -> None:
    config = load_config(overrides=["backbones.openai.options={reasoning_effort: low}", "roles.coder=gemini"])
    backbone = config.backbones["openai"]
    assert isinstance(backbone, ApiBackbone)
    assert backbone.options == {"reasoning_effort": "low"}
    assert backbone.key == "OPENAI_API_KEY"
    assert config.roles == {"coder": "gemini"}


def test_a_user_adds_a_backbone_in_a_file() -> None:
    Path("mine.yaml").write_text("backbones: {mine: {kind: api, model: openai/m, api_base: 'http://h/v1'}}\n")
    config = load_config([Path("mine.yaml")], ["backbone=mine"])
    assert config.backbones["mine"].kind == "api"


@pytest.mark.parametrize(
    ("override", "path", "meant"),
    [
        ("trackng.enabled=true", "trackng", "tracking"),
        ("tracking.enable=true", "tracking.enable", "enabled"),
        ("backbones.mailbox.timout=1", "backbones.mailbox.timout", "timeout"),
        ("backbones.openai.max_token=1", "backbones.openai.max_token", "max_tokens"),
        ("backbones.openai.price.promt=1", "backbones.openai.price.promt", "prompt"),
        ("roles.planer=openai", "roles.planer", "planner"),
    ],
)
def test_a_misspelt_key_is_named_with_its_path_and_what_was_meant(override: str, path: str, meant: str) -> None:
    assert f"unknown key '{path}': did you mean '{meant}'? the choices are " in fault(override)


@pytest.mark.parametrize("override", ["backbone=opnai", "roles.coder=opnai", "preferred=[opnai]"])
def test_an_unknown_backbone_is_named_with_what_was_meant(override: str) -> None:
    assert "'opnai': did you mean 'openai'? the choices are anthropic, " in fault(override)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("concurrency=many", "'concurrency' is 'many': Input should be a valid integer"),
        ("concurrency=0", "'concurrency' is 0: Input should be greater than 0"),
        ("backbones.mailbox.timeout=-1", "'backbones.mailbox.timeout' is -1"),
        ("backbones.new.model=m", "'backbones.new.kind' is missing: api, recorded or mailbox"),
        ("backbones.new.kind=api", "'backbones.new.model' is missing"),
        ("backbones.vllm.api_base=localhost:8000", "'backbones.vllm.api_base' must be an address such as http://"),
        ("backbones.vllm.options={n: 2}", "'backbones.vllm.options' must not hold n"),
        ("backbones=", "'backbones': Input should be a valid dictionary"),
    ],
)
def test_a_wrong_value_is_shown_with_its_key(override: str, said: str) -> None:
    assert said in fault(override)


@pytest.mark.parametrize(
    "override", ["concurrency", "=3", "a..b=3", ".a=3", "concurrency=[1", "concurrency=2001-99-99"]
)
def test_set_that_is_not_key_and_yaml_is_refused(override: str) -> None:
    assert "--set" in fault(override)


@pytest.mark.parametrize(
    "override",
    [
        f"backbones.openai.key={KEY}",
        f"backbones.openai.api_key={KEY}",
        f"backbones.openai.options.api_key={KEY}",
        f"backbones.openai.options={KEY}",
        f"backbones.openai={KEY}",
        f"backbones.openai.key=[{KEY}",
        f"backbones.openai.api_base=https://{KEY}@host/v1",
        f"backbones.new.key={KEY}",
        f"backbones.new={{kind: apy, key: {KEY}}}",
    ],
)
def test_a_key_pasted_into_the_configuration_is_refused_and_not_shown(override: str) -> None:
    assert KEY not in fault(override)


def test_a_key_pasted_into_a_file_that_is_no_yaml_is_not_shown() -> None:
    message = fault(file=f"backbones:\n  openai:\n    key: {KEY}: oops\n")
    assert KEY not in message
    assert "mine.yaml cannot be read as YAML: line 3, column " in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "cannot be read as YAML"),
        ("a: 2001-99-99", "cannot be read as YAML: month"),
        ("[" * 3000, "nested too deeply"),
        ("a: !!python/object/apply:os.system [id]", "cannot be read as YAML: line 1"),
        ("- 1", "is not a mapping"),
        ("? [1]\n: 2", "cannot be read as YAML: line 1"),
        ("1: 2", "'1'"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(content: str | bytes, said: str) -> None:
    assert said in fault(file=content)


def test_a_missing_file_and_a_folder_are_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"no file gone\.yaml"):
        load_config([Path("gone.yaml")])
    Path("folder").mkdir()
    with pytest.raises(ConfigError, match="folder cannot be read: Is a directory"):
        load_config([Path("folder")])


def test_an_empty_file_changes_nothing() -> None:
    Path("empty.yaml").write_text("# nothing yet\n")
    assert load_config([Path("empty.yaml")]) == load_config()
