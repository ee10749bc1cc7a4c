-- name: reserve_ids
-- Ids for a list of tasks, so that rows of several tables can be written at once.
SELECT nextval(pg_get_serial_sequence('tasks', 'id')) FROM generate_series(1, %(count)s);

-- name: insert_batch
-- A new batch, unless somebody was quicker.
INSERT INTO batches (project, name, created_at) VALUES (%(project)s, %(name)s, %(now)s)
ON CONFLICT (project, name) DO NOTHING;

-- name: insert_many
-- Tasks with ids of their own; one whose unique_id is taken is left out.
INSERT INTO tasks (project, id, unique_id, batch, content, state, priority, deadline, created_at)
OVERRIDING SYSTEM VALUE
SELECT %(project)s, id, unique_id, %(batch)s, content, %(state)s, priority, deadline, %(now)s
FROM unnest(%(ids)s::bigint[], %(unique_ids)s::text[], %(contents)s::bigint[], %(priorities)s::integer[],
            %(deadlines)s::timestamptz[]) AS new (id, unique_id, content, priority, deadline)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: insert_inputs
-- The content of new tasks.
INSERT INTO task_inputs (project, task, input, metadata, rules)
SELECT %(project)s, task, input, metadata, rules
FROM unnest(%(ids)s::bigint[], %(inputs)s::jsonb[], %(metadatas)s::jsonb[], %(rules)s::jsonb[])
     AS new (task, input, metadata, rules);

-- name: by_unique_ids
-- Tasks that the customer already pushed under these names.
SELECT unique_id, id, content, state FROM tasks WHERE project = %(project)s AND unique_id = ANY (%(unique_ids)s);

-- name: get
-- One task with its content.
SELECT t.id, t.project, t.unique_id, b.name, i.input, i.metadata, t.state, t.priority, t.deadline, t.created_at, t.finished_at
FROM tasks t
JOIN task_inputs i ON i.project = t.project AND i.task = t.id
LEFT JOIN batches b ON b.project = t.project AND b.id = t.batch
WHERE t.project = %(project)s AND t.id = %(task)s;

-- name: latest_inputs
-- What the customer pushed last, without benchmarks that are no tasks of theirs.
SELECT i.input FROM (SELECT id, state FROM tasks WHERE project = %(project)s ORDER BY id DESC LIMIT %(looks)s) AS t
JOIN task_inputs i ON i.project = %(project)s AND i.task = t.id
WHERE t.state NOT IN ('benchmark', 'reference') ORDER BY t.id DESC LIMIT %(limit)s;

-- name: inputs
-- The content of some tasks, by project and task.
SELECT i.project, i.task, i.input, i.rules, pg_column_size(i.input), i.characters
FROM unnest(%(projects)s::integer[], %(tasks)s::bigint[]) AS wanted (project, task)
JOIN task_inputs i ON i.project = wanted.project AND i.task = wanted.task;

-- name: lock_states
-- The states of some tasks, locked in key order.
SELECT project, id, state, batch, deadline, priority, content FROM tasks
WHERE (project, id) IN (SELECT * FROM unnest(%(projects)s::integer[], %(tasks)s::bigint[]))
ORDER BY project, id FOR UPDATE;

-- name: finish
-- Tasks that reached their end.
UPDATE tasks SET state = ended.state, finished_at = %(now)s
FROM unnest(%(projects)s::integer[], %(tasks)s::bigint[], %(states)s::text[]) AS ended (project, id, state)
WHERE tasks.project = ended.project AND tasks.id = ended.id;

-- name: find_batch
-- A batch by its name.
SELECT id, name, created_at, cancelled_at FROM batches WHERE project = %(project)s AND name = %(name)s;

-- name: share_batch
-- A batch that is pushed into: it is cancelled before or after, not meanwhile.
SELECT id, cancelled_at FROM batches WHERE project = %(project)s AND name = %(name)s FOR SHARE;

-- name: batch_counts
-- How far a batch is, and how long its labels took from push to label.
SELECT count(*),
       count(*) FILTER (WHERE state = 'queued'), count(*) FILTER (WHERE state = 'labelled'),
       count(*) FILTER (WHERE state = 'cancelled'), count(*) FILTER (WHERE state = 'expired'),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - created_at)::float8)
           FILTER (WHERE state = 'labelled'),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - created_at)::float8)
           FILTER (WHERE state = 'labelled'),
       count(*) FILTER (WHERE state = 'labelled' AND finished_at > %(since)s)
FROM tasks WHERE project = %(project)s AND batch = %(batch)s;

-- name: batches_page
-- The latest batches of a project before one.
SELECT id, name, created_at, cancelled_at, drained_at FROM batches
WHERE project = %(project)s AND id < %(before)s ORDER BY id DESC LIMIT %(limit)s;

-- name: speeds
-- How long the labels of some batches took, from push to label.
SELECT batch, percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - created_at)::float8)
FROM tasks WHERE project = %(project)s AND batch = ANY (%(batches)s::integer[]) AND state = 'labelled' GROUP BY batch;

-- name: queued_of_batch
-- The tasks of a batch that wait. Not locked: a task's row comes after its attempt's and its labeler's standing.
SELECT id FROM tasks WHERE project = %(project)s AND batch = %(batch)s AND state = 'queued' ORDER BY id;

-- name: queued_among
-- Those of some tasks that wait.
SELECT id FROM tasks WHERE project = %(project)s AND id = ANY (%(tasks)s) AND state = 'queued';

-- name: cancel_batch
-- No more work on this batch.
UPDATE batches SET cancelled_at = coalesce(cancelled_at, %(now)s) WHERE project = %(project)s AND id = %(batch)s;

-- name: first_waiting
-- For each batch that is not drained the first task that waits, sought from where one was last seen waiting: a batch of a
-- million tasks is not read again every second.
SELECT b.project, b.id, (
    SELECT t.id FROM tasks t
    WHERE t.project = b.project AND t.batch = b.id AND t.id >= coalesce(seen.task, 0) AND t.state = 'queued'
    ORDER BY t.project, t.batch, t.id LIMIT 1)
FROM batches b
LEFT JOIN unnest(%(projects)s::integer[], %(batches)s::integer[], %(tasks)s::bigint[]) AS seen (project, batch, task)
       ON seen.project = b.project AND seen.batch = b.id
WHERE b.drained_at IS NULL;

-- name: lock_batches
-- Batches in key order: the next statement sees every task that was pushed into them, or wanted again, before.
SELECT FROM batches WHERE (project, id) IN (SELECT * FROM unnest(%(projects)s::integer[], %(batches)s::integer[]))
ORDER BY project, id FOR UPDATE;

-- name: lock_batches_of_tasks
-- The batches of some tasks, locked in key order before the tasks themselves are: they are drained or cancelled before or
-- after, not meanwhile.
SELECT id, cancelled_at IS NOT NULL FROM batches
WHERE project = %(project)s
  AND id IN (SELECT t.batch FROM tasks t WHERE t.project = %(project)s AND t.id = ANY (%(tasks)s::bigint[]))
ORDER BY project, id FOR UPDATE;

-- name: requeue
-- Tasks that wait again.
UPDATE tasks SET state = 'queued', finished_at = NULL WHERE project = %(project)s AND id = ANY (%(tasks)s::bigint[]);

-- name: refill_batches
-- Batches of which something waits again: they will drain anew.
UPDATE batches SET drained_at = NULL
WHERE project = %(project)s AND id = ANY (%(batches)s::integer[]) AND drained_at IS NOT NULL;

-- name: drain_batches
-- Those of some batches of which nothing waits any more, told once. Lock them first.
UPDATE batches SET drained_at = %(now)s
WHERE drained_at IS NULL
  AND (project, id) IN (SELECT * FROM unnest(%(projects)s::integer[], %(batches)s::integer[]))
  AND EXISTS (SELECT FROM tasks t WHERE t.project = batches.project AND t.batch = batches.id)
  AND NOT EXISTS (SELECT FROM tasks t WHERE t.project = batches.project AND t.batch = batches.id AND t.state = 'queued')
RETURNING project, id;

-- name: counts_by_state
-- How many tasks of a project ended how.
SELECT state, count(*) FROM tasks WHERE project = %(project)s GROUP BY state;
