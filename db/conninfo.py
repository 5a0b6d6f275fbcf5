"""How every connection of ours is set up: search path, time zone, name, time limit; and its name in a message."""

from __future__ import annotations

from psycopg.conninfo import conninfo_to_dict, make_conninfo

CONNECT_SECONDS = 5


def session_conninfo(conninfo: str, name: str, *, act_as: str | None = None) -> str:
    """The same server and user with our session settings; `act_as` becomes that role at once, as `SET ROLE` does.

    With this the SQL needs no schema prefix for `quartermaster`, and moments come back in UTC.
    """
    given = conninfo_to_dict(conninfo)
    settings = {"search_path": "quartermaster,public", "timezone": "UTC"} | ({"role": act_as} if act_as else {})
    options = [str(given["options"])] if given.get("options") else []
    options += [f"-c {key}={value}" for key, value in settings.items()]
    timeout = given.get("connect_timeout", CONNECT_SECONDS)
    return make_conninfo(
        conninfo, options=" ".join(options), application_name=f"quartermaster-{name}", connect_timeout=timeout
    )


def describe(conninfo: str) -> str:
    """The database and where it is, for messages; never the password."""
    parts = conninfo_to_dict(conninfo)
    where = parts.get("host") or parts.get("hostaddr") or "this machine"
    return f"database {parts.get('dbname', '')!r} at {where}"
