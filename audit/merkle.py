"""RFC 6962 hash trees: roots from an O(log n) frontier, inclusion and consistency proofs, and their checks.

Part of the stand-alone verifier: standard library only. Hashes are 32 bytes (SHA-256) everywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry), RFC 6962 section 2.1."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right), RFC 6962 section 2.1."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Frontier:
    """A growing tree, kept as the roots of its complete subtrees: one hash per set bit of `size`, largest first."""

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.nodes = list(nodes)
        if len(self.nodes) != size.bit_count() or any(len(node) != HASH_SIZE for node in self.nodes):
            raise ValueError(f"these are not the {size.bit_count()} subtree roots of a tree of {size} leaves")

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Frontier:
        """The inverse of `to_bytes`; raises `ValueError` when `data` does not fit `size`."""
        if len(data) != HASH_SIZE * size.bit_count():
            raise ValueError(f"the frontier of {size} leaves has {HASH_SIZE * size.bit_count()} bytes, not {len(data)}")
        return cls(size, (data[start : start + HASH_SIZE] for start in range(0, len(data), HASH_SIZE)))

    def to_bytes(self) -> bytes:
        """The subtree roots, one after the other, largest first."""
        return b"".join(self.nodes)

    def append(self, leaf: bytes) -> None:
        """Adds one leaf hash."""
        nodes, carry = self.nodes, self.size
        while carry & 1:
            leaf = node_hash(nodes.pop(), leaf)
            carry >>= 1
        nodes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The tree's root, as RFC 6962 defines it for any size."""
        if not self.nodes:
            return EMPTY_ROOT
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = node_hash(node, root)
        return root


class Tree:
    """All levels of a tree of known leaf hashes, for making proofs: two hashes of memory per leaf.

    Level 0 holds the leaves; a last node without a sibling moves up unchanged, which gives exactly RFC 6962's shape.
    """

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._levels = [bytearray(b"".join(leaves))]
        self.size = len(self._levels[0]) // HASH_SIZE
        while len(self._levels[-1]) > HASH_SIZE:
            self._levels.append(_level_above(self._levels[-1]))

    def root(self) -> bytes:
        """The root of all leaves."""
        return bytes(self._levels[-1]) if self.size else EMPTY_ROOT

    def inclusion(self, index: int) -> list[bytes]:
        """The audit path of leaf `index` (RFC 6962 section 2.1.1), from the leaf upwards."""
        if not 0 <= index < self.size:
            raise ValueError(f"there is no leaf {index} in a tree of {self.size}")
        path: list[bytes] = []
        for level in range(len(self._levels) - 1):
            sibling = index ^ 1
            if sibling * HASH_SIZE < len(self._levels[level]):
                path.append(self._node(level, sibling))
            index >>= 1
        return path

    def consistency(self, first: int) -> list[bytes]:
        """The proof that the tree of the first `first` leaves is a prefix of this one (RFC 6962 section 2.1.2)."""
        if not 0 < first <= self.size:
            raise ValueError(f"a tree of {self.size} has no consistency proof from size {first}")
        proof: list[bytes] = []
        start, end, known = 0, self.size, True
        while start + first < end:
            split = _split(end - start)
            if first <= split:
                proof.append(self._range(start + split, end))
                end = start + split
            else:
                proof.append(self._range(start, start + split))
                start, first, known = start + split, first - split, False
        if not known:
            proof.append(self._range(start, end))
        return proof[::-1]

    def _range(self, start: int, end: int) -> bytes:
        """The root over leaves [start, end): a complete subtree, or the right edge."""
        level = (end - start - 1).bit_length()
        return self._node(level, start >> level)

    def _node(self, level: int, index: int) -> bytes:
        return bytes(self._levels[level][index * HASH_SIZE : (index + 1) * HASH_SIZE])


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an audit path leads to (RFC 9162 section 2.1.3.2), or None when its length does not fit."""
    if not 0 <= index < size:
        return None
    node, last, root = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if node & 1 or node == last:
            root = node_hash(sibling, root)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        node, last = node >> 1, last >> 1
    return root if last == 0 else None


def is_consistent(first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree (second, second_root) extends (first, first_root).

    RFC 9162 section 2.1.4.2. Every tree extends the empty one, with an empty proof.
    """
    if first == 0 or first == second:
        return not proof and first_root == (second_root if first else EMPTY_ROOT)
    if not 0 < first < second or not proof:
        return False
    nodes = list(proof) if first & (first - 1) else [first_root, *proof]
    return _consistency_roots(first - 1, second - 1, nodes) == (first_root, second_root)


def _consistency_roots(node: int, last: int, proof: list[bytes]) -> tuple[bytes, bytes] | None:
    """The two roots that a consistency proof computes, or None when its length does not fit."""
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = proof[0]
    for sibling in proof[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    return (first, second) if last == 0 else None


def _level_above(level: bytearray) -> bytearray:
    above = bytearray()
    pairs = len(level) // (2 * HASH_SIZE) * (2 * HASH_SIZE)
    for start in range(0, pairs, 2 * HASH_SIZE):
        above += hashlib.sha256(b"\1" + level[start : start + 2 * HASH_SIZE]).digest()
    return above + level[pairs:]


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
