"""The command `ask`: a question in words, answered on a thread of the person's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from app.cli.output import JsonFlag, PersonOption, TenantOption, note, print_json, say

if TYPE_CHECKING:
    from agents.conversation.port import Part, Reply

ThreadOption = Annotated[str, typer.Option("--thread", help="Continue this thread; without it a new one begins.")]
CaseOption = Annotated[str, typer.Option("--case", help="The case that the thread is about.")]


def register(cli: typer.Typer) -> None:
    """Add the command of this module."""
    cli.command(no_args_is_help=True)(ask)


def ask(
    question: Annotated[str, typer.Argument(help="For example: what is at risk?")],
    thread: ThreadOption = "",
    case: CaseOption = "",
    person: PersonOption = "paula",
    tenant: TenantOption = "demo",
    json: JsonFlag = False,
) -> None:
    """Ask about stock, demand, risk, cases and procedures, or have something proposed. Needs no model."""
    from app.asking import conversation
    from app.wiring import agent_database, operator_context

    name = thread or f"cli-{uuid4().hex[:8]}"
    with agent_database() as database:
        parts = conversation(database).stream(operator_context(tenant, person), name, question, case_id=case or None)
        reply = None
        for part in parts:
            reply = _shown(part, quiet=json) or reply
    if reply is None:
        return
    if json:
        print_json(_contract(reply))
        return
    _print_answer(reply.answer)
    if not thread:
        note(f'[dim]To go on: quartermaster ask --thread {name} "…"[/]')


def _shown(part: Part, *, quiet: bool) -> Reply | None:
    """Tell on standard error what is being looked at; the reply comes last."""
    from rich.markup import escape

    from agents.conversation.port import Notice, Reply, ToolStarted

    if isinstance(part, Reply):
        return part
    if isinstance(part, Notice):
        note(f"[yellow]{escape(part.text)}[/]")
    elif isinstance(part, ToolStarted) and not quiet:
        note(f"[dim]{escape(part.title)} …[/]")
    return None


def _contract(reply: Reply) -> dict[str, object]:
    return {
        "answer": reply.answer,
        "tool_calls": [{"name": call.name, "arguments": dict(call.arguments)} for call in reply.tool_calls],
        "asked_back": reply.asked_back,
        "refused": reply.refused,
        "evidence": [str(one) for one in reply.evidence],
        "proposals": [str(one) for one in reply.proposals],
        "seconds": reply.seconds,
    }


def _print_answer(markdown: str) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    say()
    Console(highlight=False).print(Markdown(markdown))
