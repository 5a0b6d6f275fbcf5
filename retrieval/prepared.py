"""Vectors computed ahead and kept beside documents that come with the program: a text file, one passage a line.

A vector belongs to a text by its hash and to one model; a text that is not in the file is encoded as any other.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from domain.canonical import sha256_hex
from retrieval.embedding import MODEL, WIDTH, embedder

if TYPE_CHECKING:
    from retrieval.bert import Floats


@dataclass(frozen=True)
class PreparedEncoder:
    """Gives prepared vectors where there are any; needs the embedding model for other texts only."""

    model: str
    prepared: Mapping[str, Floats]

    def passages(self, texts: Sequence[str]) -> list[Floats]:
        """For each text its vectors, shape (passages, 384); raises `EmbeddingUnavailable` for a text not prepared."""
        missing = [text for text in texts if sha256_hex(text.encode()) not in self.prepared]
        computed = dict(zip(missing, embedder().passages(missing), strict=True)) if missing else {}
        return [computed[text] if text in computed else self.prepared[sha256_hex(text.encode())] for text in texts]


def prepared_encoder(path: Path) -> PreparedEncoder:
    """What `path` holds for our model; vectors of another model are not used."""
    import numpy as np

    model, *lines = path.read_text(encoding="utf-8").splitlines()
    prepared: dict[str, Floats] = {}
    for line in lines if model == MODEL else ():
        key, coded = line.split(" ")
        vectors = np.frombuffer(b64decode(coded), dtype="<f2").astype(np.float32)
        prepared[key] = vectors.reshape(-1, WIDTH)
    return PreparedEncoder(MODEL, prepared)


def write_prepared(path: Path, texts: Iterable[str]) -> int:
    """Encodes `texts` and writes them; returns how many. Half precision: cosines change by less than .001."""
    ordered = sorted(texts)
    lines = [
        f"{sha256_hex(text.encode())} {b64encode(vectors.astype('<f2').tobytes()).decode()}"
        for text, vectors in zip(ordered, embedder().passages(ordered), strict=True)
    ]
    path.write_text("\n".join([MODEL, *lines]) + "\n", encoding="utf-8")
    return len(lines)
