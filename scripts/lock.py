"""Resolve every requirement set anew: hashes for each file, no address of any registry.

Run as `make lock`. One file a use, so that a worker installs little.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
SETS: dict[str, tuple[str, ...]] = {
    "executor": (),
    "worker": ("agent",),
    "demo": ("demo",),
    "dev": ("dev",),
}
UV = str(Path(sys.executable).parent / "uv")
COMPILE = (UV, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes")
PLAIN = ("--no-header", "--no-emit-index-url", "--no-emit-find-links", "--no-annotate")


def compile_set(source: Path, target: Path, extras: tuple[str, ...], constraint: Path | None) -> None:
    """Write `target`; with a constraint every set holds the same versions."""
    extra_flags = [flag for extra in extras for flag in ("--extra", extra)]
    constraint_flags = ["--constraint", str(constraint)] if constraint else []
    command = [*COMPILE, *PLAIN, *extra_flags, *constraint_flags, "-o", str(target), str(source)]
    subprocess.run(command, check=True, cwd=ROOT)
    if "://" in target.read_text(encoding="utf-8"):
        sys.exit(f"{target.name} names an address; a lock file must carry hashes only.")


def main() -> None:
    """The widest set first; the others take its versions."""
    compile_set(REQUIREMENTS / "bootstrap.in", REQUIREMENTS / "bootstrap.txt", (), None)
    widest = REQUIREMENTS / "dev.txt"
    compile_set(ROOT / "pyproject.toml", widest, SETS["dev"], None)
    for name in ("executor", "worker", "demo"):
        compile_set(ROOT / "pyproject.toml", REQUIREMENTS / f"{name}.txt", SETS[name], widest)


if __name__ == "__main__":
    main()
