"""Policy files become one checked set, or the reason why there is none. Nothing is judged here.

A set is used only when it parses, fits the schema, and every rule says its name and its reason.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import cedarpy

from domain.canonical import fingerprint
from domain.errors import Unavailable

HERE = Path(__file__).parent
SCHEMA = HERE / "schema.cedarschema"
DEFAULT = HERE / "default"
SETTING = "QUARTERMASTER_POLICIES"
ROLES = frozenset({"planner", "supervisor", "procurement_manager", "quality", "auditor"})
ENGINE = f"cedarpy {version('cedarpy')}"


class PolicyUnusable(Unavailable):
    """The policies cannot be used, so everything is denied."""


@dataclass(frozen=True)
class Rule:
    """What a policy says of itself; `approver` is '' for a rule that no approval lifts."""

    id: str
    effect: Literal["permit", "forbid"]
    reason: str
    approver: str


@dataclass(frozen=True)
class LoadedPolicies:
    """A parsed and validated set; `rules` by Cedar's positional policy id, `hash` over schema and files."""

    policies: cedarpy.PolicySet
    schema: cedarpy.Schema
    rules: Mapping[str, Rule]
    hash: str


def policy_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder that the setting QUARTERMASTER_POLICIES names, else the one that comes with the program."""
    named = environment.get(SETTING, "")
    return Path(named) if named else DEFAULT


def load(folder: Path, schema: Path = SCHEMA) -> LoadedPolicies:
    """Read every `*.cedar` of `folder`; raises `PolicyUnusable` with what to do."""
    files = _read(folder)
    schema_text = _read_schema(schema)
    text = "\n".join(files.values())
    _validate(text, schema_text)
    try:
        parsed, checked = cedarpy.PolicySet.from_str(text), cedarpy.Schema.from_str(schema_text)
        rules = _rules(json.loads(cedarpy.policies_to_json_str(text)))
    except ValueError as error:
        raise PolicyUnusable(f"The policies do not parse: {error}.", remedy=_REMEDY) from error
    return LoadedPolicies(parsed, checked, rules, fingerprint({"schema": schema_text, "policies": files}))


_REMEDY = f"Correct the file, or unset {SETTING} to use the policies that come with the program."


def _read(folder: Path) -> dict[str, str]:
    try:
        files = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.cedar"))}
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyUnusable(f"A policy file in {folder} cannot be read: {error}.", remedy=_REMEDY) from error
    if not any(text.strip() for text in files.values()):
        raise PolicyUnusable(
            f"There is no policy in {folder}, so everything is denied.",
            remedy=f"Put *.cedar files there, or unset {SETTING} to use the policies that come with the program.",
        )
    return files


def _read_schema(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyUnusable(
            f"The policy schema {path.name} cannot be read: {error}.", remedy="Install the program again."
        ) from error


def _validate(text: str, schema: str) -> None:
    """Cedar's validator: names, types, safe access to optional attributes."""
    result = cedarpy.validate_policies(text, schema)
    if not result.validation_passed:
        found = "; ".join(str(error.error) for error in result.errors[:3])
        raise PolicyUnusable(f"The policies do not fit the schema: {found}.", remedy=_REMEDY)


def _rules(parsed: Mapping[str, Mapping[str, Mapping[str, object]]]) -> dict[str, Rule]:
    if parsed.get("templates"):
        raise PolicyUnusable("Policy templates are not used here.", remedy=_REMEDY)
    rules = {name: _rule(policy) for name, policy in parsed["staticPolicies"].items()}
    names = [rule.id for rule in rules.values()]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not rules:
        raise PolicyUnusable(f"Each rule needs its own @id; used twice: {', '.join(twice)}.", remedy=_REMEDY)
    return rules


def _rule(policy: Mapping[str, object]) -> Rule:
    """The annotations; an approver on a permit, or one that no person can hold, is a mistake that would hide."""
    stated = policy.get("annotations")
    notes: dict[str, str] = {str(k): str(v) for k, v in stated.items()} if isinstance(stated, dict) else {}
    effect = "permit" if policy["effect"] == "permit" else "forbid"
    rule = Rule(notes.get("id", ""), effect, notes.get("reason", ""), notes.get("approver", ""))
    if not rule.id or not rule.reason:
        raise PolicyUnusable(f"A rule lacks its @id or @reason: {rule.id or rule.reason or policy}.", remedy=_REMEDY)
    if "approver" in notes and (effect != "forbid" or rule.approver not in ROLES):
        known = ", ".join(sorted(ROLES))
        raise PolicyUnusable(f"{rule.id}: @approver belongs to a forbid and names one of {known}.", remedy=_REMEDY)
    return rule
