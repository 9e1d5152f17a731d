"""One server of tools: what it offers, and calling it."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, JsonValue, ValidationError

from effnb.domain import ExternalResult, Noun
from effnb.errors import SourceError, SourceUnavailable

T = TypeVar("T")
SECONDS_TO_START = 20.0
SECONDS_UNTIL_RETRY = 30.0
"""A server that could not be reached is not tried again before: many ask for the list of tools in a row."""
MAX_TOOLS = 200
MAX_DESCRIPTION = 4000


@dataclass(frozen=True)
class Reach:
    """How a server is reached: a command with its arguments, the variables it may see and its folder; or an address."""

    command: str | None = None
    args: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    folder: Path = Path()
    url: str | None = None
    timeout: float = 60.0
    max_bytes: int = 1_000_000


class RemoteTool(Noun):
    """A tool as its server described it."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    """Its name on the server."""
    description: str = Field(max_length=MAX_DESCRIPTION)
    """What the server says it does."""
    parameters: dict[str, Any]
    """JSON schema of its arguments."""


class ToolServer:
    """A configured server; it is started, or connected to, when something is asked of it.

    Args:
        name: Its name in the settings.
        reach: How it is reached.
    """

    def __init__(self, name: str, reach: Reach) -> None:
        self.name = name
        self.reach = reach
        self._lock = threading.Lock()
        self._connection: _Connection | None = None
        self._failure: tuple[float, SourceError] | None = None

    def tools(self) -> tuple[RemoteTool, ...]:
        """What it offers, by name, as it said when it was connected to.

        Raises:
            SourceUnavailable: It cannot be started or reached, or does not answer in time.
            SourceError: Its answer is not what the protocol says.
        """
        return self._connected().offered

    def call(self, tool: str, args: dict[str, Any]) -> ExternalResult:
        """What the tool returns.

        Raises:
            SourceUnavailable: The server is not there or does not answer in time; the next call starts it again.
            SourceError: The tool failed, or its result is too large.
        """
        connection = self._connected()
        try:
            return connection.call(tool, args)
        except SourceUnavailable:
            self.close()
            raise

    def close(self) -> None:
        """End the connection, and a server that was started for it."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connected(self) -> _Connection:
        with self._lock:
            if self._failure is not None and time.monotonic() - self._failure[0] < SECONDS_UNTIL_RETRY:
                raise self._failure[1]
            if self._connection is None:
                try:
                    self._connection = _Connection(self.name, self.reach)
                except SourceError as error:
                    self._failure = time.monotonic(), error
                    raise
            return self._connection


class _Connection:
    """An open session, kept in the event loop of a thread of its own."""

    def __init__(self, name: str, reach: Reach) -> None:
        self._name, self._reach = name, reach
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._client: Any = None
        ready: Future[tuple[RemoteTool, ...]] = Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), name=f"effnb-mcp-{name}", daemon=True)
        self._thread.start()
        try:
            self.offered = ready.result(timeout=SECONDS_TO_START)
        except TimeoutError as error:
            self.close()
            raise SourceUnavailable(f"server {name} did not answer within {SECONDS_TO_START:g} s") from error
        except SourceError:
            raise
        except Exception as error:
            raise SourceUnavailable(
                f"server {name} cannot be reached: {_reason(error)}; see [mcp.servers.{name}] in effnb.toml"
            ) from error

    def call(self, tool: str, args: dict[str, Any]) -> ExternalResult:
        """One call, within the server's time limit."""
        seconds = self._reach.timeout
        try:
            result = self._submit(asyncio.wait_for(self._client.call_tool(tool, args), seconds)).result()
        except TimeoutError as error:
            raise SourceUnavailable(f"{tool} of server {self._name} gave no answer within {seconds:g} s") from error
        except Exception as error:  # every fault of a server ends its call, with its name
            raise SourceUnavailable(f"{tool} of server {self._name} broke off: {_reason(error)}") from error
        return self._read(tool, result)

    def close(self) -> None:
        """End the session and the thread."""
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=5)

    def _read(self, tool: str, result: Any) -> ExternalResult:
        text = "\n".join(part.text for part in result.content if part.type == "text")
        left_out = sum(part.type != "text" for part in result.content)
        data: JsonValue = result.structured_content
        size = len(text.encode()) + (len(str(data)) if data is not None else 0)
        if size > self._reach.max_bytes:
            raise SourceError(
                f"{tool} of server {self._name} returned {size} bytes, more than max_bytes = "
                f"{self._reach.max_bytes}; ask for less"
            )
        if result.is_error:
            raise SourceError(f"{tool} of server {self._name} failed: {text or 'it gives no reason'}")
        return ExternalResult(server=self._name, tool=tool, text=text, data=data, left_out=left_out)

    def _submit(self, work: Awaitable[T]) -> Future[T]:
        async def awaited() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self._loop)

    def _run(self, ready: Future[tuple[RemoteTool, ...]]) -> None:
        try:
            self._loop.run_until_complete(self._session(ready.set_result))
        except BaseException as error:  # noqa: BLE001  # whoever waits for the connection raises it
            if not ready.done():
                ready.set_exception(error)
        finally:
            self._loop.close()

    async def _session(self, ready: Callable[[tuple[RemoteTool, ...]], None]) -> None:
        async with AsyncExitStack() as stack:
            self._client = await stack.enter_async_context(await self._open(stack))
            ready(await self._list())
            await self._stop.wait()

    async def _open(self, stack: AsyncExitStack) -> Any:
        from mcp import Client, StdioServerParameters
        from mcp.client.stdio import get_default_environment, stdio_client

        if self._reach.url is not None:
            return Client(self._reach.url)
        passed = {name: os.environ[name] for name in self._reach.env if name in os.environ}
        command = StdioServerParameters(
            command=self._reach.command or "",
            args=list(self._reach.args),
            env=get_default_environment() | passed,
            cwd=self._reach.folder,
        )
        quiet = stack.enter_context(Path(os.devnull).open("w"))  # noqa: SIM115  # the stack closes it
        return Client(stdio_client(command, errlog=quiet))

    async def _list(self) -> tuple[RemoteTool, ...]:
        found: list[RemoteTool] = []
        cursor: str | None = None
        while True:
            page = await self._client.list_tools(cursor=cursor)
            found.extend(self._described(tool) for tool in page.tools)
            cursor = page.next_cursor
            if len(found) > MAX_TOOLS:
                raise SourceError(f"server {self._name} offers more than {MAX_TOOLS} tools")
            if cursor is None:
                return tuple(sorted(found, key=lambda tool: tool.name))

    def _described(self, tool: Any) -> RemoteTool:
        try:
            return RemoteTool(name=tool.name, description=tool.description or "", parameters=tool.input_schema)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            raise SourceError(
                f"server {self._name} offers a tool whose {problem['loc'][0]}: {problem['msg']}"
            ) from error


def _reason(error: BaseException) -> str:
    """The first real error in a group of them, in one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
