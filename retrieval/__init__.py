"""Documents to sections to embeddings to hybrid search: where SOPs will be found and cited. Nothing lives here yet."""
