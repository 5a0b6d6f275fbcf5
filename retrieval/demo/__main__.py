"""`python -m retrieval.demo`: computes the demo documents' vectors anew, after a change to a document."""

from __future__ import annotations

import sys

from retrieval.demo import FOLDER, VECTORS
from retrieval.folder import read_folder
from retrieval.importer import texts_of
from retrieval.prepared import write_prepared

if __name__ == "__main__":
    written = write_prepared(VECTORS, {text for document in read_folder(FOLDER) for text in texts_of(document)})
    sys.stdout.write(f"{written} vectors written to {VECTORS.name}\n")
