"""The sign-in page: one self-contained HTML document, without scripts and without anything loaded from elsewhere.

Its words and colours are constants here, so that the console can be dressed alike.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape

from starlette.responses import HTMLResponse

NAME = "Quartermaster"
MOTTO = "The model talks, the solver decides, the policy gates, the audit store remembers."

# The mark of app/console/public/favicon.svg, drawn in the page so that nothing has to be loaded.
MARK = (
    '<svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" fill="none" stroke-width="2.1" '
    'stroke-linejoin="round" stroke-linecap="round"><rect x="1" y="1" width="30" height="30" rx="7" class="ground"/>'
    '<path d="M16 6.5 24.2 11.2v9.6L16 25.5 7.8 20.8v-9.6z"/><path d="M7.8 11.2 16 16l8.2-4.8M16 16v4.2l8.6 6"/></svg>'
)

STYLE = """
:root { color-scheme: light dark; --ink: #16211c; --soft: #56645d; --paper: #f4f6f3; --card: #ffffff; --line: #cdd6d0;
        --brand: #0f5c46; --on-brand: #ffffff; --bad: #a3261b; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eeea; --soft: #9fb0a7; --paper: #101713; --card: #18221d; --line: #33423a;
          --brand: #4fb893; --on-brand: #06130e; --bad: #ff8f80; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.25rem; background: var(--paper);
       color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 24rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
       padding: 2rem 1.75rem; }
h1 { margin: 0 0 .6rem; font-size: 1.35rem; letter-spacing: -.01em; display: flex; gap: .6rem; align-items: center; }
svg { stroke: var(--on-brand); } .ground { fill: var(--brand); stroke: none; }
p { margin: .35rem 0 0; color: var(--soft); font-size: .9rem; }
form { margin-top: 1.5rem; display: grid; gap: 1rem; }
label { display: grid; gap: .3rem; font-size: .9rem; font-weight: 600; }
input { width: 100%; padding: .6rem .7rem; font: inherit; color: inherit; background: var(--paper);
        border: 1px solid var(--line); border-radius: .4rem; }
button { padding: .7rem 1rem; font: inherit; font-weight: 600; color: var(--on-brand); background: var(--brand);
         border: 0; border-radius: .4rem; cursor: pointer; }
input:focus-visible, button:focus-visible, a:focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; }
a { color: var(--brand); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
""".strip()

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def sign_in_form(*, ask_tenant: bool, onward: str, problem: str = "", status: int = 200) -> HTMLResponse:
    """Name and password; the network's name too where there are several."""
    network = _field("tenant", "Network", "organization", "text") if ask_tenant else ""
    body = f"""<form method="post" action="/sign-in">{network}
{_field("person", "Name", "username", "text")}
{_field("password", "Password", "current-password", "password")}
<input type="hidden" name="next" value="{escape(onward)}">
<button type="submit">Sign in</button></form>"""
    return _page("Sign in", problem, body, status)


def link_form(token: str, name: str, onward: str) -> HTMLResponse:
    """One button: a link that is only looked at, by a mail scanner say, is not used up."""
    body = f"""<form method="post" action="/sign-in/{escape(token)}">
<input type="hidden" name="next" value="{escape(onward)}">
<button type="submit">Continue as {escape(name)}</button></form>"""
    return _page("Sign in by link", "", body, 200)


def already_in(name: str, home: str) -> HTMLResponse:
    """Who is signed in, the way onward, and the way out."""
    onward = f'<p><a href="{escape(home)}">Go on</a></p>' if home != "/sign-in" else ""
    body = f"""<p>You are signed in as <strong>{escape(name)}</strong>.</p>{onward}
<form method="post" action="/sign-out"><button type="submit">Sign out</button></form>"""
    return _page("Signed in", "", body, 200)


def refused(problem: str, status: int) -> HTMLResponse:
    """A link that cannot be used."""
    return _page("Sign in", problem, '<p><a href="/sign-in">Sign in with a password</a></p>', status)


def _field(name: str, label: str, complete: str, kind: str) -> str:
    return (
        f'<label>{label}<input name="{name}" type="{kind}" autocomplete="{complete}" '
        f'required maxlength="1024" autocapitalize="none" spellcheck="false"></label>'
    )


def _page(title: str, problem: str, body: str, status: int) -> HTMLResponse:
    said = f'<p class="bad" role="alert">{escape(problem)}</p>' if problem else ""
    html = f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title} · {NAME}</title>
<style>{STYLE}</style></head><body><main><h1>{MARK}{NAME}</h1><p>{MOTTO}</p>{said}{body}</main></body></html>"""
    return HTMLResponse(html, status, headers={"Content-Security-Policy": POLICY})
