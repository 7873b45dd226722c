"""The api backbone: any provider that DSPy reaches, and any OpenAI-compatible server by its address."""

import os
import re
import traceback
from dataclasses import replace
from typing import Any

from dspy.clients.call_result import usage_dict
from dspy.clients.costs import estimate_cost
from dspy.clients.engines.litellm_engine import LiteLLMEngine
from dspy.clients.engines.lm15_engine import LM15Engine, timeouts_for
from dspy.lm15 import CacheConfig, LM15Error, Message, Request, Response, RouterConfig, TextPart, Usage
from dspy.utils.exceptions import (
    ContextWindowExceededError,
    LMAuthError,
    LMError,
    LMRateLimitError,
    LMTimeoutError,
    LMTransportError,
    LMUnsupportedFeatureError,
    LMUnsupportedModelError,
)

from data.errors import BackboneError, ConfigError
from experiments.backbones.engine import Completion
from experiments.config import ApiBackbone

_FOR_PROGRAMMERS = re.compile(r"\n\n  (?:To fix|credential came from):|; this is lm15's ")
"""Where messages of DSPy begin to speak to programmers."""

LONGEST_WAIT = 300
"""Seconds that a provider may ask us to wait before a run rather stops and says so."""

_NO_KEY = "none"
"""Sent to servers that ask for no key, so that no key of another provider goes there."""


class Api:
    """Answers through a provider's API, one attempt at a time; `dspy.LM` repeats them."""

    def __init__(self, name: str, config: ApiBackbone) -> None:
        """Prepare the client.

        Raises:
            ConfigError: The key is not set, or DSPy does not know the provider.
        """
        self.name = name
        self.config = config
        self._key = os.environ.get(config.key, "").strip() if config.key else _NO_KEY
        if not self._key:
            raise ConfigError(
                f"backbone {name!r} needs a key: set {config.key} in the environment, or name another one"
            )
        if not re.fullmatch("[!-~]+", self._key):
            raise ConfigError(
                f"backbone {name!r}: the value of {config.key} is no key, it holds characters that no request can bear"
            )
        self._provider = ""
        self._engine = self._native() if config.engine == "lm15" else self._litellm()

    def answer(self, request: Request, prompt: str) -> Completion:
        """Send the request once.

        Raises:
            LM15Error: The provider gave no answer.
        """
        try:
            response: Response = self._engine.complete(self._on_the_wire(request))
        except LM15Error as error:
            self._hide_key(error)
            if (error.retry_after or 0) > LONGEST_WAIT:
                raise BackboneError(
                    f"backbone {self.name!r} asks to wait {error.retry_after:.0f} s before the next call; resume then"
                ) from None
            raise
        usage = usage_dict(response, self._provider)
        prompt_tokens, completion_tokens = usage.get("prompt_tokens"), usage.get("completion_tokens")
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        return Completion(
            text=_sendable(response.text or ""),
            finish_reason=response.finish_reason,
            prompt_tokens=prompt_tokens,
            cached_tokens=cached,
            completion_tokens=completion_tokens,
            cost=self._cost(response, request, prompt_tokens, cached, completion_tokens),
            model=response.model,
        )

    def explain(self, error: LMError) -> str:
        """Return what went wrong and what to do, in a line."""
        status = f" (HTTP {error.status})" if getattr(error, "status", None) else ""
        said = " ".join(_FOR_PROGRAMMERS.split(_sendable(str(error)))[0].split())
        match error:
            case LMAuthError() if self.config.key:
                todo = f"check the key in {self.config.key}"
            case LMAuthError():
                todo = f"it asks for a key: set backbones.{self.name}.key to the name of the variable that holds it"
            case LMRateLimitError():
                todo = "wait and resume, or lower `concurrency`"
            case ContextWindowExceededError():
                todo = f"use a backbone with a longer context, or correct backbones.{self.name}.context_tokens"
            case LMUnsupportedModelError():
                todo = f"correct backbones.{self.name}.model"
            case LMUnsupportedFeatureError() if self.config.engine == "lm15":
                todo = f"set backbones.{self.name}.engine=litellm, or take the option out"
            case LMTimeoutError() | LMTransportError() if "timed out" in said and "connect" not in said:
                todo = f"resume, or raise backbones.{self.name}.timeout (now {self.config.timeout:g} s)"
            case LMTransportError():
                todo = f"see that {self.config.api_base or 'the provider'} can be reached, then resume"
            case _:
                todo = "resume to try again, or use another backbone"
        return f"backbone {self.name!r}: {said[:600]}{status}; {todo}"

    def _native(self) -> LM15Engine:
        try:
            self._provider = LM15Engine(RouterConfig(env={})).resolve(self.config.model).provider
        except LM15Error as error:
            raise ConfigError(
                f"backbone {self.name!r}: DSPy does not reach {self.config.model!r} natively: {error}; "
                f"set backbones.{self.name}.engine=litellm"
            ) from None
        urls = {self._provider: self.config.api_base} if self.config.api_base else None
        keys = {self._provider: self._key}
        return LM15Engine(RouterConfig(api_keys=keys, base_urls=urls, timeouts=timeouts_for(self.config.timeout)))

    def _litellm(self) -> LiteLLMEngine:
        address = {"api_base": self.config.api_base} if self.config.api_base else {}
        return LiteLLMEngine(api_key=self._key, timeout=self.config.timeout, **address)

    def _on_the_wire(self, request: Request) -> Request:
        """Join the parts of the prompt, or mark the end of its shared part where the provider caches by marks."""
        first, *rest = request.messages
        texts = [part.text for part in first.parts if isinstance(part, TextPart)]
        if not self.config.cache_marks or len(texts) < 2:
            return replace(request, messages=(Message.user("".join(texts)), *rest))
        shared = Message(role="user", parts=tuple(TextPart(text) for text in texts[:-1]))
        config = replace(request.config, cache=CacheConfig(prefix_until_index=0))
        return replace(request, messages=(shared, Message.user(texts[-1]), *rest), config=config)

    def _cost(
        self, response: Response, request: Request, prompt: int | None, cached: int, completion: int | None
    ) -> float | None:
        price = self.config.price
        if price is None and self.config.api_base:
            return None  # what somebody's own server costs, no price list says
        if price is None:
            found: Any = estimate_cost(
                response, provider=self._provider or None, requested_model=request.model, request=request
            )
            return found[0]
        if prompt is None or completion is None:
            return None
        return (price.prompt * (prompt - cached) + price.cached * cached + price.completion * completion) / 1e6

    def _hide_key(self, error: LM15Error) -> None:
        """Take the key out of an error that quotes it, and cut off the errors behind it, which may quote it too."""
        if self._key == _NO_KEY or self._key not in "".join(traceback.format_exception(error)):
            return
        error.message = error.message.replace(self._key, "***")
        error.args = (error.message,)
        error.__cause__ = None
        error.__context__ = None
        error.__suppress_context__ = True


def price_of(config: ApiBackbone) -> tuple[float, float] | None:
    """Return US dollars for a million prompt and completion tokens; None where the price is not known."""
    if config.price:
        return config.price.prompt, config.price.completion
    if config.api_base:
        return None
    provider, _, model = config.model.partition("/")
    message = Message(role="assistant", parts=(TextPart("."),))
    prices = []
    for usage in (Usage(input_tokens=1_000_000, output_tokens=0), Usage(input_tokens=0, output_tokens=1_000_000)):
        response = Response(id=None, model=model, message=message, finish_reason="stop", usage=usage)
        prices.append(estimate_cost(response, provider=provider, requested_model=model)[0])
    return None if None in prices else (prices[0], prices[1])


def _sendable(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON can hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")
