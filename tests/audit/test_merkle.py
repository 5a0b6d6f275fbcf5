"""The tree against RFC 6962's own definition (an independent recursion), against pymerkle, and under mutation."""

from __future__ import annotations

import hashlib

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    Tree,
    is_consistent,
    leaf_hash,
    root_from_inclusion,
)

ENTRIES = [f"entry {number}".encode() for number in range(200)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
sizes = st.integers(1, len(LEAVES))


def tree_hash(entries: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\x01" + tree_hash(entries[:k]) + tree_hash(entries[k:])).digest()


def frontier_of(size: int) -> Frontier:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.append(leaf)
    return frontier


def test_roots_follow_the_definition_and_pymerkle() -> None:
    other = pymerkle.InmemoryTree(algorithm="sha256")
    frontier = Frontier()
    for size in range(len(LEAVES)):
        expected = tree_hash(ENTRIES[:size])
        assert frontier.root() == expected
        assert Tree(LEAVES[:size]).root() == expected
        if size:
            assert other.get_root(size) == expected
        frontier.append(LEAVES[size])
        other.append_entry(ENTRIES[size])


def test_root_of_the_known_certificate_transparency_vectors() -> None:
    """The test vectors that the Certificate Transparency reference implementations share."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [leaf_hash(bytes.fromhex(text)) for text in inputs]
    assert Tree(leaves[:1]).root().hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert Tree(leaves[:2]).root().hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert Tree(leaves).root().hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(sizes, st.data())
def test_frontier_survives_storage(size: int, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, size))
    before = frontier_of(cut)
    after = Frontier.from_bytes(cut, before.to_bytes())
    for leaf in LEAVES[cut:size]:
        after.append(leaf)
    assert after.root() == tree_hash(ENTRIES[:size])
    with pytest.raises(ValueError, match="frontier"):
        Frontier.from_bytes(cut + 1 + (cut & 1), before.to_bytes() + b"x")


@given(sizes, st.data())
def test_inclusion_holds_for_its_leaf_only(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    tree = Tree(LEAVES[:size])
    path = tree.inclusion(index)
    assert root_from_inclusion(LEAVES[index], index, size, path) == tree.root()
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index)) if size > 1 else size
    assert root_from_inclusion(LEAVES[index], other, size, path) != tree.root()
    assert root_from_inclusion(leaf_hash(b"other"), index, size, path) != tree.root()
    assert root_from_inclusion(LEAVES[index], index, size, [*path, path[-1] if path else EMPTY_ROOT]) is None
    if path:
        changed = data.draw(st.integers(0, len(path) - 1))
        assert root_from_inclusion(LEAVES[index], index, size, path[:changed] + path[changed + 1 :]) != tree.root()
        path[changed] = bytes([path[changed][0] ^ 1]) + path[changed][1:]
        assert root_from_inclusion(LEAVES[index], index, size, path) != tree.root()


@given(sizes, st.data())
def test_consistency_holds_for_a_prefix_only(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, second))
    tree, old = Tree(LEAVES[:second]), tree_hash(ENTRIES[:first])
    proof = tree.consistency(first)
    assert is_consistent(first, old, second, tree.root(), proof)
    assert not is_consistent(first, leaf_hash(b"other"), second, tree.root(), proof)
    assert not is_consistent(first, old, second, leaf_hash(b"other"), proof)
    assert not is_consistent(first, old, second, tree.root(), [*proof, EMPTY_ROOT])
    if proof:
        assert not is_consistent(first, old, second, tree.root(), proof[:-1])
        changed = data.draw(st.integers(0, len(proof) - 1))
        proof[changed] = leaf_hash(proof[changed])
        assert not is_consistent(first, old, second, tree.root(), proof)


def test_every_tree_extends_the_empty_one() -> None:
    assert is_consistent(0, EMPTY_ROOT, 5, Tree(LEAVES[:5]).root(), [])
    assert not is_consistent(6, Tree(LEAVES[:6]).root(), 5, Tree(LEAVES[:5]).root(), [EMPTY_ROOT])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 100])
def test_pymerkle_accepts_the_same_shapes(size: int) -> None:
    other = pymerkle.InmemoryTree(algorithm="sha256")
    other.append_entries(ENTRIES[:size])
    tree = Tree(LEAVES[:size])
    for index in range(size):
        path = [bytes.fromhex(node) for node in other.prove_inclusion(index + 1, size).serialize()["path"] or []]
        assert path[0] == LEAVES[index]
        assert set(path[1:]) == set(tree.inclusion(index))


def test_asking_for_what_is_not_there() -> None:
    tree = Tree(LEAVES[:4])
    with pytest.raises(ValueError, match="no leaf"):
        tree.inclusion(4)
    with pytest.raises(ValueError, match="no consistency"):
        tree.consistency(5)
