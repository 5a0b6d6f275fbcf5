"""The one list of tools. A model, a person and a job reach the same ones, by name, through `tools.executor`.

How to add one: write a module with an input model, an output model, a function `(Call, input) -> Answer[output]` and a
`Tool` that binds them; list the `Tool` in `tools.catalogue`. The function reads through `call.connection()` (asked for
anew before each read, which keeps the time limit), raises `NoData` with what it searched when nothing is stored, and a
`QuartermasterError` when the question cannot be answered as asked. Names are the published contract: never rename one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from domain.canonical import Json
from tools.contract import Permission, Tool
from tools.errors import UnknownTool

AnyTool = Tool[Any, Any]


class Registry:
    """Tools by name; immutable once made."""

    def __init__(self, tools: Iterable[AnyTool]) -> None:
        self._tools: dict[str, AnyTool] = {}
        for tool in tools:
            if tool.name in self._tools:
                raise ValueError(f"Two tools are called {tool.name}.")
            self._tools[tool.name] = tool

    def __iter__(self) -> Iterator[AnyTool]:
        """The tools in the order they were listed."""
        return iter(self._tools.values())

    @property
    def names(self) -> tuple[str, ...]:
        """All names."""
        return tuple(self._tools)

    def get(self, name: str) -> AnyTool:
        """The tool of that name; raises `UnknownTool` that names the closest ones."""
        tool = self._tools.get(name)
        if tool is None:
            close = get_close_matches(name[:100], self.names, n=3) or list(self.names)
            raise UnknownTool(f"There is no tool {name[:100]!a}.", remedy=f"Use one of: {', '.join(close)}.")
        return tool

    def schemas(self, *permissions: Permission) -> list[dict[str, Json]]:
        """Name, description and JSON schema of the input, as models expect them; all permissions when none is named."""
        return [
            {"name": tool.name, "description": tool.description, "parameters": tool.takes.model_json_schema()}
            for tool in self
            if not permissions or tool.permission in permissions
        ]
