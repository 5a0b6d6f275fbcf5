"""Where the sealer keeps key and checkpoints, and under which name it signs. Handed in, read from nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from audit.note import VerifierKey, origin_of


@dataclass(frozen=True)
class AuditSettings:
    """`folder` holds the key pair; `checkpoint_file` belongs where the database's administrators cannot write.

    `deployment` starts the name of every log and should be unique in the world, such as a host name.
    """

    folder: Path
    deployment: str = "quartermaster.local"
    checkpoint_file: Path | None = None

    @classmethod
    def below(cls, home: Path, *, deployment: str = "quartermaster.local") -> AuditSettings:
        """The usual place: `<home>/audit`."""
        return cls(home / "audit", deployment)

    @property
    def checkpoints(self) -> Path:
        """The file outside the database, one line a checkpoint."""
        return self.checkpoint_file or self.folder / "checkpoints.log"

    @property
    def private_key(self) -> Path:
        """PKCS 8 PEM, mode 0600."""
        return self.folder / "sealing.key"

    @property
    def public_key(self) -> Path:
        """Base64 of the 32 bytes; give a copy to whoever will verify."""
        return self.folder / "sealing.pub"

    def origin_of(self, tenant: str) -> str:
        """The name of one tenant's log."""
        return origin_of(self.deployment, tenant)

    def key_of(self, tenant: str, public: bytes) -> VerifierKey:
        """The verifier key of one tenant's log: one key pair, one name a tenant."""
        return VerifierKey(self.origin_of(tenant), public)
