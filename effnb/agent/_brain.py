"""The language model of a run: how it is reached, what it has cost so far, and what its failures mean."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelHTTPError,
    ModelTimeoutError,
)
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from effnb.domain import Transcript
from effnb.errors import ConfigError, LimitReached, ModelFailed
from effnb.settings import LanguageModelSettings

OLLAMA_URL = "http://127.0.0.1:11434/v1"
MILLION = 1_000_000
NO_KEY = "none"
"""What is sent where no key is configured: local servers need none, the client wants some text."""


class Brain:
    """One configured language model, counted for one run.

    Args:
        name: Its name in ``effnb.toml``.
        settings: Its settings.

    Raises:
        ConfigError: The variable that should hold its key is not set.
    """

    def __init__(self, name: str, settings: LanguageModelSettings) -> None:
        self.name = name
        self.settings = settings
        self.requests = 0
        self.tokens = 0
        self.cost: float | None = None
        self._key = _key_of(name, settings)

    @property
    def label(self) -> str:
        """``NAME (kind, model name)``."""
        return f"{self.name} ({self.settings.kind}, {self.settings.name})"

    def take_up(self, transcript: Transcript) -> None:
        """Count on from where a run stands."""
        self.requests, self.tokens, self.cost = transcript.requests, transcript.tokens, transcript.cost

    async def ask(
        self, messages: list[ModelMessage], settings: ModelSettings | None, parameters: ModelRequestParameters
    ) -> ModelResponse:
        """The model's answer.

        Raises:
            LimitReached: The run has used up its requests, tokens or money.
            ModelFailed: It could not be asked, or did not answer in its API's form.
        """
        self._check_limits()
        self.requests += 1
        try:
            async with self._opened() as model:
                response = await model.request(messages, settings, parameters)
        except Exception as error:  # on a malformed answer the vendors' clients raise whatever they trip over
            raise ModelFailed(self._explain(error)) from error
        self._count(response)
        return response

    def _check_limits(self) -> None:
        limits = self.settings
        used = [
            ("requests", self.requests, limits.requests),
            ("tokens", self.tokens, limits.tokens),
            ("money", self.cost or 0.0, limits.money),
        ]
        for name, spent, limit in used:
            if limit is not None and spent >= limit:
                raise LimitReached(
                    f"the run used {spent:g} {name} of model {self.name}, and {limit:g} is the limit; "
                    f"raise {name} in [models.{self.name}], then resume"
                )

    def _count(self, response: ModelResponse) -> None:
        usage, limits = response.usage, self.settings
        self.tokens += usage.input_tokens + usage.output_tokens
        if limits.price_in is not None and limits.price_out is not None:
            spent = usage.input_tokens * limits.price_in + usage.output_tokens * limits.price_out
            self.cost = (self.cost or 0.0) + spent / MILLION

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Model[Any]]:
        """The model with a client of its own: runs are driven from several event loops, and clients belong to one."""
        options: dict[str, Any] = {
            "api_key": self._key,
            "base_url": self.settings.base_url,
            "max_retries": self.settings.retries,
            "timeout": self.settings.timeout_seconds,
        }
        if self.settings.kind == "anthropic":
            from anthropic import AsyncAnthropic
            from pydantic_ai.models.anthropic import AnthropicModel
            from pydantic_ai.providers.anthropic import AnthropicProvider

            async with AsyncAnthropic(**options) as client:
                yield AnthropicModel(self.settings.name, provider=AnthropicProvider(anthropic_client=client))
            return
        from openai import AsyncOpenAI
        from pydantic_ai.models.ollama import OllamaModel
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.ollama import OllamaProvider
        from pydantic_ai.providers.openai import OpenAIProvider

        if self.settings.kind == "ollama":
            async with AsyncOpenAI(**options | {"base_url": self.settings.base_url or OLLAMA_URL}) as client:
                yield OllamaModel(self.settings.name, provider=OllamaProvider(openai_client=client))
            return
        async with AsyncOpenAI(**options) as client:
            yield OpenAIChatModel(self.settings.name, provider=OpenAIProvider(openai_client=client))

    def _explain(self, error: Exception) -> str:
        """One line: what failed and what to do, by the kind of failure."""
        where = self.settings.base_url or "its vendor's address"
        match error:
            case ModelAuthenticationError():
                key = self.settings.token_env
                how = (
                    f"check the key in {key}"
                    if key
                    else f"name the key's variable as token_env in [models.{self.name}]"
                )
                return f"model {self.label} refused the key; {how}, then resume the run"
            case ModelTimeoutError():
                seconds = f"{self.settings.timeout_seconds:g} s"
                return f"model {self.label} gave no answer within {seconds}; resume the run, or raise timeout_seconds"
            case ModelConnectionError():
                return f"model {self.label} at {where} cannot be reached or hung up; check it runs, then resume the run"
            case ModelHTTPError(status_code=code):
                return f"model {self.label} answers HTTP {code}: {_short(error)}; mend that, then resume the run"
            case ModelAPIError():
                return f"model {self.label} at {where} cannot be asked: {_short(error)}; resume the run once it answers"
            case _:
                return f"model {self.label} answers what is no answer: {_short(error)}; resume the run to ask again"


def _key_of(name: str, settings: LanguageModelSettings) -> str:
    if settings.token_env is None:
        if settings.base_url is None and settings.kind != "ollama":
            raise ConfigError(
                f"model {name!r} has no key: name the variable that holds it as token_env in [models.{name}]"
            )
        return NO_KEY
    key = os.environ.get(settings.token_env, "").strip()
    if not key:
        raise ConfigError(f"the variable {settings.token_env} for model {name!r} is not set; export it with the key")
    return key


def _short(error: Exception, limit: int = 200) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
