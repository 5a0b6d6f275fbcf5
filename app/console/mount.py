"""Puts Chainlit under /console of the API: configured by our files, closed where it is open, behind our door.

One worker only: Chainlit keeps its sessions and sockets in this process's memory.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import RedirectResponse

from app.console import parts
from app.console.door import IDENTITY_COOKIE, Door
from app.console.page import clean
from app.console.person import Visitor

PATH = "/console"
HERE = Path(__file__).resolve().parent

# By these Chainlit would switch on a database, bots or telemetry of its own from what is meant for others.
FOREIGN_SETTINGS = (
    "DATABASE_URL", "LITERAL_API_KEY", "LITERAL_API_URL", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET",
    "SLACK_WEBSOCKET_TOKEN", "TEAMS_APP_ID", "TEAMS_APP_PASSWORD", "DISCORD_BOT_TOKEN", "CHAINLIT_URL",
)  # fmt: skip

_folder: list[Path] = []


def mount_console(host: FastAPI) -> None:
    """Mount the console; `host` is `create_app(faces=(PATH,), home=PATH)`.

    The first call in a process imports Chainlit (five seconds), with its settings taken from our files only.
    """
    parts.use(host)
    _configure()
    # Only now: importing it reads the settings and makes folders.
    from chainlit.auth import create_jwt
    from chainlit.server import app as inner
    from chainlit.server import get_html_template
    from chainlit.user import User

    from app.console import callbacks, socket

    callbacks.register()
    socket.guard()

    def identity(visitor: Visitor) -> str:
        return create_jwt(User(identifier=visitor.identifier, display_name=visitor.who.name))

    @host.get(PATH, include_in_schema=False)
    def enter() -> RedirectResponse:  # pyright: ignore[reportUnusedFunction]
        return RedirectResponse(f"{PATH}/", 303)

    host.mount(PATH, Door(inner, clean(get_html_template(PATH)), identity))


def _configure() -> None:
    """Chainlit's folder and settings, once a process; what another program's variables say is not heard."""
    if _folder:
        return
    for name in [name for name in os.environ if name.startswith(("CHAINLIT_", "OAUTH_"))] + list(FOREIGN_SETTINGS):
        os.environ.pop(name, None)
    folder = Path(tempfile.mkdtemp(prefix="quartermaster-console-"))
    _folder.append(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copytree(HERE / "public", folder / "public")
    shutil.copytree(HERE / "chainlit", folder / ".chainlit")
    (folder / "chainlit.md").touch()  # no page about a library
    os.environ |= {
        "TRACELOOP_TELEMETRY": "false",
        "CHAINLIT_APP_ROOT": str(folder),
        "CHAINLIT_ROOT_PATH": PATH,
        "CHAINLIT_CUSTOM_AUTH": "true",
        "CHAINLIT_AUTH_COOKIE_NAME": IDENTITY_COOKIE,
        # Signs what never leaves this process.
        "CHAINLIT_AUTH_SECRET": secrets.token_urlsafe(48),
    }
