-- What one answer costs without any of Goldvein: hand a task out, then store its answer, one by one.
-- For pgbench --protocol=prepared; `perf.hot_path` makes the tables.
\set labeler :client_id + 1
WITH head AS MATERIALIZED (
    SELECT id FROM bare.tasks WHERE state = 'open' ORDER BY place LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE bare.tasks SET state = 'leased', labeler = :labeler, leased_at = clock_timestamp() FROM head WHERE tasks.id = head.id
RETURNING tasks.id AS task \gset
BEGIN;
INSERT INTO bare.answers (task, labeler, answer, received_at) VALUES (:task, :labeler, '{"choice": 1}', clock_timestamp());
UPDATE bare.tasks SET state = 'answered' WHERE id = :task;
SELECT posterior FROM bare.standings WHERE labeler = :labeler FOR UPDATE \gset
UPDATE bare.standings SET posterior = :posterior, n = n + 1, updated_at = clock_timestamp() WHERE labeler = :labeler;
INSERT INTO bare.outbox (event, task, created_at) VALUES ('label.created', :task, clock_timestamp());
COMMIT;
