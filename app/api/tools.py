"""Every read and analyse tool as a typed endpoint, made from the one registry. A new tool appears here by itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict

from app.api.calling import called
from app.api.identity import Analyst, AnyCaller, Asked, Reader
from tools.contract import Permission, ToolOutput, Versions
from tools.registry import AnyTool

Out = TypeVar("Out", bound=ToolOutput)
RIGHTS: Mapping[Permission, Any] = {"read": Reader, "analyse": Analyst}


class ToolAnswer(BaseModel, Generic[Out]):
    """A tool's output with the evidence that was kept of the call; `fingerprint` binds what the output says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tool: str
    output: Out
    evidence_id: UUID
    fingerprint: str
    as_of: datetime
    versions: Versions
    duration_ms: float


class ToolLine(BaseModel):
    """A tool in the list."""

    name: str
    description: str
    permission: Permission
    path: str | None


class ToolList(BaseModel):
    """All tools; those that propose have no path of their own, they belong to a case."""

    tools: tuple[ToolLine, ...]


def tool_router(tools: Iterable[AnyTool]) -> APIRouter:
    """One POST a read or analyse tool, and the list of all."""
    router = APIRouter(prefix="/v1/tools", tags=["tools"])
    lines = tuple(_line(tool) for tool in tools)

    @router.get("", summary="Which tools there are")
    def list_tools(asked: AnyCaller) -> ToolList:
        del asked
        return ToolList(tools=lines)

    for tool in tools:
        if tool.permission in RIGHTS:
            router.add_api_route(
                f"/{tool.name}", _endpoint(tool), methods=["POST"], operation_id=tool.name, summary=tool.name,
                description=tool.description, response_model=ToolAnswer[tool.gives],  # type: ignore[name-defined]
            )  # fmt: skip
    return router


def _endpoint(tool: AnyTool) -> Callable[..., ToolAnswer[Any]]:
    def call(question: BaseModel, asked: Asked) -> ToolAnswer[Any]:
        result = called(asked, tool.name, question.model_dump(mode="json", exclude_unset=True))
        return ToolAnswer(
            tool=result.tool,
            output=result.output,
            evidence_id=result.evidence_id,
            fingerprint=result.fingerprint,
            as_of=result.as_of,
            versions=result.versions,
            duration_ms=result.duration_ms,
        )

    # The annotations are values and not names: FastAPI takes the tool's own models from them.
    question = Annotated[tool.takes, Body(examples=[dict(example) for example in tool.examples])]
    taken = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [
        inspect.Parameter("question", taken, annotation=question),
        inspect.Parameter("asked", taken, annotation=RIGHTS[tool.permission]),
    ]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return call


def _line(tool: AnyTool) -> ToolLine:
    path = f"/v1/tools/{tool.name}" if tool.permission in RIGHTS else None
    return ToolLine(name=tool.name, description=tool.description, permission=tool.permission, path=path)
