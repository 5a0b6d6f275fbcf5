"""The forward pass of a BERT sentence encoder in NumPy: token ids in, one unit vector a text out.

Only what all-MiniLM-L6-v2 needs (Devlin et al. 2019; mean pooling and normalisation as in Reimers and Gurevych 2019):
no training, no dropout, no other architecture. It reads no files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Floats: TypeAlias = NDArray[np.float32]
Tokens: TypeAlias = NDArray[np.int64]

MASKED = np.float32(-1e9)
EPSILON = np.float32(1e-12)


@dataclass(frozen=True)
class Shape:
    """Layers and attention heads; every width follows from the weights."""

    layers: int = 6
    heads: int = 12


def encode(weights: Mapping[str, Floats], tokens: Tokens, mask: Tokens, shape: Shape = Shape()) -> Floats:
    """Vectors of length 1, shape (texts, width), of `tokens` and `mask` (1: a token, 0: padding), (texts, length)."""
    hidden = _embed(weights, tokens)
    barred = ((1 - mask) * MASKED).astype(np.float32)[:, None, None, :]
    for layer in range(shape.layers):
        hidden = _layer(weights, f"encoder.layer.{layer}.", hidden, barred, shape.heads)
    kept = mask[:, :, None].astype(np.float32)
    mean = (hidden * kept).sum(axis=1) / kept.sum(axis=1)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def _embed(weights: Mapping[str, Floats], tokens: Tokens) -> Floats:
    words = weights["embeddings.word_embeddings.weight"][tokens]
    places = weights["embeddings.position_embeddings.weight"][: tokens.shape[1]]
    kinds = weights["embeddings.token_type_embeddings.weight"][0]
    return _normalised(weights, "embeddings.LayerNorm", words + places + kinds)


def _layer(weights: Mapping[str, Floats], name: str, hidden: Floats, barred: Floats, heads: int) -> Floats:
    attended = _attention(weights, name + "attention.self.", hidden, barred, heads)
    mixed = hidden + _linear(weights, name + "attention.output.dense", attended)
    mixed = _normalised(weights, name + "attention.output.LayerNorm", mixed)
    inner = _gelu(_linear(weights, name + "intermediate.dense", mixed))
    return _normalised(weights, name + "output.LayerNorm", mixed + _linear(weights, name + "output.dense", inner))


def _attention(weights: Mapping[str, Floats], name: str, hidden: Floats, barred: Floats, heads: int) -> Floats:
    texts, length, width = hidden.shape
    query, key, value = (
        _linear(weights, name + part, hidden).reshape(texts, length, heads, -1).transpose(0, 2, 1, 3)
        for part in ("query", "key", "value")
    )
    scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(width // heads)) + barred
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares = scores / scores.sum(axis=-1, keepdims=True)
    return (shares @ value).transpose(0, 2, 1, 3).reshape(texts, length, width)


def _linear(weights: Mapping[str, Floats], name: str, given: Floats) -> Floats:
    flat = given.reshape(-1, given.shape[-1]) @ weights[name + ".weight"].T + weights[name + ".bias"]
    return flat.reshape(*given.shape[:-1], -1)


def _normalised(weights: Mapping[str, Floats], name: str, given: Floats) -> Floats:
    centred = given - given.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + EPSILON)
    return centred / spread * weights[name + ".weight"] + weights[name + ".bias"]


def _gelu(given: Floats) -> Floats:
    return np.float32(0.5) * given * (np.float32(1.0) + erf(given / np.float32(np.sqrt(2.0))))
