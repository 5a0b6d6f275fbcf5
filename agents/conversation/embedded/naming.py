"""What the names in a question mean: the tools say, and where they cannot be sure the person is asked."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from agents.conversation.answers import talk
from agents.conversation.embedded.intents import Intent
from agents.conversation.embedded.reading import NOISE, Name, Reading
from agents.conversation.embedded.task import Failed, Stop, Task
from agents.conversation.plan import Saying
from agents.conversation.state import Choice, Focus
from tools.resolve_identity import Identity, Match

PLACES = frozenset({"at", "to"})
# A stray word in these does not change what is asked.
FORGIVING = frozenset({Intent.AT_RISK, Intent.WAITING, Intent.CASE, Intent.PROPOSE, Intent.WHY, Intent.OPTIONS})
SLOTS = {"sku": "sku", "site": "site", "supplier": "supplier", "order": "order"}


def named(task: Task) -> Task:
    """The task with every name replaced by its code; raises `Stop` with a question when one is not clear."""
    for place, name in enumerate(task.reading.names):
        found = _found(task, place, name)
        if found is None:
            continue
        for match, role in found:
            task = task.reading_as(**_slot(match, role))
    return task


def choose(question: str, offered: list[Choice]) -> Choice | None:
    """Which of the candidates an answer names: its number, its code, or words that only it has."""
    text = " ".join(question.casefold().split()).strip(" .!?")
    number = re.fullmatch(r"(?:the |number |no\.? ?|#)?(\d|first|second|third|fourth|fifth)(?: one)?", text)
    if number:
        place = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}.get(number[1]) or int(number[1])
        return offered[place - 1] if 1 <= place <= len(offered) else None
    words = {word for word in re.findall(r"[\w-]+", text) if word not in NOISE}
    fitting = [one for one in offered if words and all(_has(one, word) for word in words)]
    return fitting[0] if len(fitting) == 1 else None


def chosen_reading(pending: Reading, asked: str, choice: Choice) -> Reading:
    """The question that was waiting, with the choice in the place of the unclear name."""
    names = tuple(replace(name, text=choice["code"]) if name.text == asked else name for name in pending.names)
    return replace(pending, names=names, topic="")


def _has(one: Choice, word: str) -> bool:
    return word == one["code"].casefold() or any(
        part.startswith(word) for part in re.findall(r"[\w-]+", one["name"].casefold())
    )


def _found(task: Task, place: int, name: Name) -> list[tuple[Match, str]] | None:
    """What a name means, with the role it plays; None for a stray word that may be left out."""
    kind = "site" if name.role in PLACES else None
    identity = _look(task, name.text, kind) or (_look(task, name.text, None) if kind else None)
    if identity is not None and identity.match is not None:
        return [(identity.match, name.role)]
    split = _item_and_site(task, place, name) if name.role in ("", "of") else None
    if split is not None:
        return split
    if identity is None:
        if not name.role and task.reading.intent in FORGIVING:
            return None
        if task.reading.guessed:
            raise Stop(Saying(talk.NOT_UNDERSTOOD))
        raise Failed(task.record("resolve_identity", text=name.text))
    raise Stop(_which(task.reading, name.text, identity))


def _look(task: Task, text: str, kind: str | None) -> Identity | None:
    record = task.record("resolve_identity", text=text, kind=kind)
    return None if record["status"] != "success" else task.call("resolve_identity", text=text, kind=kind)


def _item_and_site(task: Task, place: int, name: Name) -> list[tuple[Match, str]] | None:
    """Item and site named in one breath: the site is the last word or the first."""
    words = name.text.split()
    if len(words) < 2:
        return None
    for site_text, rest in ((words[-1], words[:-1]), (words[0], words[1:])):
        site = _look(task, site_text, "site")
        if site is None or site.match is None:
            continue
        item_text = " ".join(rest)
        item = _look(task, item_text, "sku")
        if item is not None and item.match is not None:
            return [(item.match, "of"), (site.match, "at")]
        if item is not None:
            apart = (Name(item_text, "of"), Name(site.match.code, "at"))
            names = (*task.reading.names[:place], *apart, *task.reading.names[place + 1 :])
            raise Stop(_which(replace(task.reading, names=names), item_text, item))
    return None


def _which(reading: Reading, text: str, identity: Identity) -> Saying:
    offered = [Choice(kind=one.kind, code=one.code, name=one.name) for one in identity.candidates]
    pending = replace(reading, topic=text)
    question = talk.which(text, offered, identity.ambiguous_because)
    return Saying(question, asked_back=True, pending=pending.as_json(), offered=tuple(offered))


def _slot(match: Match, role: str) -> dict[str, Any]:
    if match.kind == "site" and role == "from":
        return {"source": match.code}
    slot = SLOTS.get(match.kind)
    if slot is None:
        offered = f"I cannot look up a {match.kind} by itself yet; ask for an item, a site, a supplier or a case."
        raise Stop(Saying(offered))
    return {slot: match.code}


def waiting_for_choice(focus: Focus) -> bool:
    """Whether the last answer was a question back."""
    return bool(focus["pending"] and focus["offered"])
