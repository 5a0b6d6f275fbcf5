"""The demo network's documents: procedures, a policy, supplier rules and commitments, with versions of the past.

They are written for the simulated network and state the limits of the policies that come with the program; a test
compares both. `vectors.txt` holds their vectors, computed ahead, so that the demo need not wait for them.
"""

from __future__ import annotations

from pathlib import Path

from db.session import Database
from domain.context import Context
from retrieval.importer import DocumentsReport, import_folder
from retrieval.prepared import prepared_encoder

FOLDER = Path(__file__).parent
VECTORS = FOLDER / "vectors.txt"


def import_demo_sops(database: Database, context: Context) -> DocumentsReport:
    """Imports the demo's documents for the context's tenant (operator role); again it writes nothing.

    Raises `DocumentsRefused` when the tenant's network lacks a site that they name: they belong to the demo network.
    """
    return import_folder(database, context, FOLDER, encoder=prepared_encoder(VECTORS))
