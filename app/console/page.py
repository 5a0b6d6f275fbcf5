"""The one HTML page of the console: Chainlit's own, without anything loaded from elsewhere, with our head and strip.

What it may load and run is said in its content security policy; everything comes from this server.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from html import escape

from db.tenants import Tenant

FOREIGN = re.compile(r"<link\b[^>]*https?://[^>]*>", re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
UNDEFINED = re.compile(r"^undefined$", re.MULTILINE)
HEAD = """<meta name="theme-color" content="#f4f6f3" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#101713" media="(prefers-color-scheme: dark)">
<meta name="robots" content="noindex">"""


@dataclass(frozen=True)
class Page:
    """The template, cleaned, and its policy."""

    html: str
    policy: str

    def of(self, tenant: Tenant) -> bytes:
        """The page for one network; that its data are simulated stands on it from the first moment."""
        simulated = '<span class="qm-simulated">Simulated network</span>' if tenant.origin == "simulated" else ""
        day = "" if tenant.clock_at is None else f" · data of {tenant.clock_at:%d %b %Y %H:%M} UTC"
        strip = f'<div id="qm-strip" role="note">{simulated}<span>{escape(tenant.name)}{day}</span></div>'
        return self.html.replace("<body>", f"<body>{strip}", 1).encode()


def clean(template: str) -> Page:
    """Chainlit's page as ours; `template` is what it would have sent."""
    html = COMMENT.sub("", FOREIGN.sub("", template)).replace("</head>", f"{HEAD}</head>", 1)
    html = INLINE.sub(lambda found: f"<script>{UNDEFINED.sub('', found[1])}</script>", html)
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in INLINE.findall(html))
    policy = (
        # Its components are compiled in the browser, from files of this server only.
        f"default-src 'none'; script-src 'self' 'unsafe-eval' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data:; manifest-src 'self'; "
        "worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )
    return Page(html, policy)


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
