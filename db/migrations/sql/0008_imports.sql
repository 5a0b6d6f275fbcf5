-- A delivery is known by its content and by the moment that it describes: the same count a day later is news. What makes
-- an import a no-op is that the newest batch has both, which is looked up under the import's lock.
ALTER TABLE import_batch DROP CONSTRAINT import_batch_tenant_content_hash_key;

-- Batches are ordered by this time, so it is taken where they are in order: under the lock, and not when a transaction
-- that may have waited for it began.
ALTER TABLE import_batch ALTER COLUMN imported_at SET DEFAULT clock_timestamp();
CREATE INDEX import_batch_newest ON import_batch (tenant, imported_at DESC, batch_id);

COMMENT ON COLUMN import_batch.content_hash IS 'over all files, whoever delivered them and when';
COMMENT ON COLUMN quarantined_row.row_number IS 'as a spreadsheet shows it: the header is row 1';

-- Who may do what is the owner's to set and nobody else's to record; the owner records nothing more.
CREATE POLICY people_by_owner ON audit.event FOR INSERT TO quartermaster_owner
    WITH CHECK (tenant = current_setting('quartermaster.tenant', true)
                AND action IN ('person.added', 'person.changed', 'person.deactivated'));
CREATE POLICY people_by_nobody_else ON audit.event AS RESTRICTIVE FOR INSERT
    TO quartermaster_agent, quartermaster_operator, quartermaster_executor, quartermaster_sealer
    WITH CHECK (action NOT IN ('person.added', 'person.changed', 'person.deactivated'));

-- What was delivered, when and what was wrong with it is history: nothing of it is changed afterwards but what each file
-- came to, told at the end of the same import, and which rows were replayed. The time is the server's to set.
REVOKE INSERT, UPDATE, DELETE ON import_batch FROM quartermaster_operator;
GRANT INSERT (tenant, batch_id, source, content_hash, as_of, files, provenance, rules, imported_by), UPDATE (files)
   ON import_batch TO quartermaster_operator;
REVOKE UPDATE, DELETE ON quarantined_row FROM quartermaster_operator;
GRANT UPDATE (replayed_at) ON quarantined_row TO quartermaster_operator;
