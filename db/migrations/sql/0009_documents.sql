-- Procedures, policies, supplier rules and service commitments: documents in versions, versions in sections, sections
-- as words and as vectors. Nothing here is ever changed or taken away: what was in force on a day can be read later.

CREATE TABLE document (
    tenant text NOT NULL,
    code   text NOT NULL CHECK (code ~ '^[A-Z]{2,6}-[0-9]{1,4}$'),      -- 'SOP-12', the same through all versions
    kind   text NOT NULL CHECK (kind IN ('sop', 'policy', 'supplier_rule', 'service_commitment')),
    PRIMARY KEY (tenant, code)
);

-- In force on a day: the version that began last, unless it has ended.
CREATE TABLE document_version (
    tenant          text NOT NULL,
    version_id      bigint GENERATED ALWAYS AS IDENTITY,
    code            text NOT NULL,
    version         integer NOT NULL CHECK (version > 0),
    title           text NOT NULL,
    owner           text NOT NULL,                   -- the function that answers for it
    language        text NOT NULL,                   -- ISO 639-1
    effective_from  date NOT NULL,
    effective_to    date CHECK (effective_to >= effective_from),         -- the last day; null: until a newer one begins
    sites           text[] NOT NULL,                 -- empty: everywhere
    product_classes text[] NOT NULL,                 -- empty: all goods
    keywords        text[] NOT NULL,                 -- other words, in any language, by which people look for it
    source_file     text NOT NULL,
    content_hash    text NOT NULL,                   -- SHA-256 of the file
    sections        integer NOT NULL,
    words           integer NOT NULL,                -- over all sections; with `sections` the mean length for ranking
    imported_at     timestamptz NOT NULL DEFAULT now(),
    imported_by     text NOT NULL,
    PRIMARY KEY (tenant, version_id),
    UNIQUE (tenant, code, version),
    UNIQUE (tenant, code, effective_from),
    FOREIGN KEY (tenant, code) REFERENCES document
);

CREATE TABLE document_section (
    tenant     text NOT NULL,
    section_id bigint GENERATED ALWAYS AS IDENTITY,
    version_id bigint NOT NULL,
    position   integer NOT NULL,                     -- in the order of the document
    number     text NOT NULL,                        -- '4.2'
    heading    text NOT NULL,
    body       text NOT NULL,
    PRIMARY KEY (tenant, section_id),
    UNIQUE (tenant, version_id, number),
    FOREIGN KEY (tenant, version_id) REFERENCES document_version
);

-- The words of each section, as rows: under row-level security `@@` is no leakproof operator, so no GIN index is used,
-- but the equality of texts is, and this B-tree is. It also carries what BM25 needs and ts_rank lacks.
CREATE TABLE section_term (
    tenant     text NOT NULL,
    term       text COLLATE "C" NOT NULL,            -- stem, as the configuration 'english' makes it
    section_id bigint NOT NULL,
    version_id bigint NOT NULL,
    frequency  real NOT NULL,                        -- occurrences, weighted by title, heading, keywords, body
    length     integer NOT NULL,                     -- words in the section
    PRIMARY KEY (tenant, term, section_id) INCLUDE (version_id, frequency, length),
    FOREIGN KEY (tenant, section_id) REFERENCES document_section
);

-- Every word that any section holds, as it is written: what a misspelt word of a question may have meant.
CREATE TABLE document_word (
    tenant text NOT NULL,
    word   text COLLATE "C" NOT NULL,
    term   text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, word)
);

-- One row a passage: what is longer than the model reads is cut. Vectors of different models are never compared.
CREATE TABLE section_embedding (
    tenant     text NOT NULL,
    section_id bigint NOT NULL,
    model      text NOT NULL,
    passage    integer NOT NULL,
    version_id bigint NOT NULL,
    embedding  public.vector(384) NOT NULL,
    PRIMARY KEY (tenant, section_id, model, passage),
    FOREIGN KEY (tenant, section_id) REFERENCES document_section
);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['document', 'document_version', 'document_section', 'section_term', 'document_word',
                                'section_embedding']
    LOOP
        PERFORM isolate_tenant(name::regclass);
        EXECUTE format('GRANT SELECT ON %I TO quartermaster_agent, quartermaster_operator', name);
        EXECUTE format('GRANT INSERT ON %I TO quartermaster_operator', name);
    END LOOP;
END $$;
