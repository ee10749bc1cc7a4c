-- Ways to deceive `verify` about withdrawals, each of which it must see: one statement after its name.

-- name: a label taken back in silence
UPDATE labels SET withdrawn_at = now() WHERE id = (SELECT min(id) FROM labels WHERE withdrawn_at IS NULL);

-- name: a label taken back and told, but not decided
WITH gone AS (UPDATE labels SET withdrawn_at = now() WHERE id = (SELECT min(id) FROM labels WHERE
    withdrawn_at IS NULL) RETURNING project, task, id), waits AS (UPDATE tasks SET state = 'cancelled' FROM
    gone WHERE tasks.project = gone.project AND tasks.id = gone.task) INSERT INTO outbox (project, event,
    task, label, created_at) SELECT project, 'label.withdrawn', task, id, now() FROM gone;

-- name: a withdrawal dated back
UPDATE labels SET withdrawn_at = withdrawn_at - interval '1 hour' WHERE withdrawn_at IS NOT NULL;

-- name: a reason made better
UPDATE log SET p_benchmarks = p_benchmarks / 2 WHERE kind = 'withdraw';

-- name: more benchmarks behind it
UPDATE log SET benchmarks = benchmarks + 1 WHERE kind = 'withdraw';

-- name: a look at less of the past
UPDATE log SET detail = jsonb_set(detail, '{from}', '5') WHERE kind = 'withdraw';

-- name: a look that came earlier
UPDATE log SET detail = jsonb_set(detail, '{version}', to_jsonb((detail ->> 'version')::bigint - 4)) WHERE
    kind = 'withdraw';

-- name: a decision that goes
DELETE FROM log WHERE ctid IN (SELECT ctid FROM log WHERE kind = 'withdraw' LIMIT 1);

-- name: a decision about another label
UPDATE log SET detail = jsonb_set(detail, '{label}', to_jsonb((detail ->> 'label')::bigint + 1)) WHERE
    kind = 'withdraw';

-- name: a harder rule
UPDATE policy_versions SET policy = jsonb_set(policy, '{withdraw_at}', '0.9999');

-- name: an event that goes
DELETE FROM outbox WHERE id = (SELECT max(id) FROM outbox WHERE event = 'label.withdrawn');

-- name: an event told twice
INSERT INTO outbox (project, event, task, label, created_at) SELECT project, event, task, label,
    created_at FROM outbox WHERE event = 'label.withdrawn' LIMIT 1;

-- name: a withdrawal told of a label that stands
INSERT INTO outbox (project, event, task, label, created_at) SELECT project, 'label.withdrawn', task, id,
    now() FROM labels WHERE withdrawn_at IS NULL LIMIT 1;

-- name: a replacement that names nothing
UPDATE labels SET replaces = NULL WHERE replaces IS NOT NULL;

-- name: a replacement of what was never taken back
UPDATE labels SET replaces = (SELECT min(id) FROM labels) WHERE id = (SELECT max(id) FROM labels WHERE
    replaces IS NULL);

-- name: a task that waits for ever
UPDATE tasks SET state = 'queued' WHERE id IN (SELECT task FROM labels WHERE replaces IS NOT NULL);
