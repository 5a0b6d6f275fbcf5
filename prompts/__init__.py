"""Versioned prompt files: text for models, each with its id in the front matter. A run keeps the id and the hash."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

from domain.canonical import sha256_hex
from domain.errors import QuartermasterError


class PromptBroken(QuartermasterError):
    """A prompt file is missing or has no id; reinstall Quartermaster."""


@dataclass(frozen=True)
class Prompt:
    """`id` names the file and its version ("conversation/1"), `sha256` is over the whole file."""

    id: str
    text: str
    sha256: str


@cache
def load(name: str) -> Prompt:
    """The prompt in `prompts/NAME.md`; raises `PromptBroken`."""
    try:
        raw = (resources.files("prompts") / f"{name}.md").read_text(encoding="utf-8")
    except OSError as error:
        raise PromptBroken(f"The prompt {name} cannot be read: {error}.") from error
    head, _, text = raw.removeprefix("---\n").partition("\n---\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    if not raw.startswith("---\n") or not fields.get("id") or not text.strip():
        raise PromptBroken(f"The prompt {name} has no front matter with an id.")
    return Prompt(fields["id"], text.strip(), sha256_hex(raw.encode()))
