"""The encoder gives what its model card says, reads long texts whole, and uses only files that it knows."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from retrieval import embedding
from retrieval.demo import FOLDER, VECTORS
from retrieval.embedding import WIDTH, embedder
from retrieval.errors import EmbeddingUnavailable
from retrieval.folder import read_folder
from retrieval.importer import texts_of
from retrieval.prepared import prepared_encoder


def test_the_similarities_of_the_model_card() -> None:
    """As the card of all-MiniLM-L6-v2 prints them for its example."""
    source, *others = embedder().passages(
        ["That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day"]
    )
    found = [float(source[0] @ other[0]) for other in others]
    assert found == pytest.approx([0.695, 0.943, 0.257], abs=0.001)


def test_padding_beside_a_longer_text_changes_nothing() -> None:
    short, long = "cold chain", "who may release a lot that was too warm on the truck and for how long " * 3
    together = embedder().passages([short, long])
    np.testing.assert_allclose(together[0][0], embedder().question(short), atol=1e-5)
    assert np.linalg.norm(together[1], axis=1) == pytest.approx(1.0)


def test_a_long_text_is_cut_into_overlapping_passages_and_nothing_is_lost() -> None:
    begin, end = "The truck must be cold. " * 60, "Penguins eat fish."
    vectors = embedder().passages([begin + end])[0]
    assert vectors.shape[0] > 1
    assert vectors.shape[1] == WIDTH
    penguins = embedder().question("what do penguins eat")
    assert float(vectors[-1] @ penguins) > float(vectors[0] @ penguins) + 0.1


def test_the_prepared_vectors_are_those_of_the_documents() -> None:
    """Run `python -m retrieval.demo` after a change to a demo document."""
    texts = sorted({text for document in read_folder(FOLDER) for text in texts_of(document)})
    prepared = prepared_encoder(VECTORS)
    assert len(prepared.prepared) == len(texts)
    some = texts[::11]
    for ahead, now in zip(prepared.passages(some), embedder().passages(some), strict=True):
        assert np.abs(ahead - now).max() < 0.001


@pytest.fixture
def fresh_load() -> object:
    embedding._load.cache_clear()
    yield
    embedding._load.cache_clear()


@pytest.mark.usefixtures("fresh_load")
def test_weights_that_are_not_the_published_ones_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / embedding.WEIGHTS).write_bytes(b"other weights")
    monkeypatch.setattr(embedding, "_folder", lambda: tmp_path)
    with pytest.raises(EmbeddingUnavailable, match="not the published file"):
        embedder()


@pytest.mark.usefixtures("fresh_load")
def test_a_missing_package_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "PACKAGE", "no_such_package")
    with pytest.raises(EmbeddingUnavailable, match=r"requirements/embedding\.txt"):
        embedder()


def test_questions_at_once_leave_the_process_its_threads() -> None:
    encoder, before = embedder(), blas_threads()
    asking = [Thread(target=encoder.passages, args=(["what is late? " * count],)) for count in (40, 80, 160)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert blas_threads() == before


def blas_threads() -> list[int]:
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
