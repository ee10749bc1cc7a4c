-- name: make_house
-- The customer to whom sandboxes belong, unless it is there.
INSERT INTO customers (name, created_at, is_house) VALUES (%(name)s, %(now)s, true) ON CONFLICT DO NOTHING;

-- name: house
-- The customer to whom sandboxes belong.
SELECT id FROM customers WHERE is_house;

-- name: mark
-- A new project is a sandbox of another one.
UPDATE projects SET sandbox_of = %(original)s, revision = revision + 1 WHERE id = %(project)s;

-- name: list
-- Sandboxes, the latest first, with what was done in them today.
SELECT p.id, p.name, p.sandbox_of, p.state, p.policy_version, p.warm_per_day, p.warm_on,
       coalesce((SELECT sum(f.answers + f.benchmark_answers + f.decoy_answers) FROM figures f
                 WHERE f.project = p.id AND f.span = 60 AND f.at >= %(today)s), 0)::integer,
       (SELECT count(*) FROM labelers l WHERE l.sandbox = p.id), p.created_at
FROM projects p
WHERE p.sandbox_of IS NOT NULL AND p.state <> 'closed' AND (%(original)s::integer IS NULL OR p.sandbox_of = %(original)s)
  AND (%(sandbox)s::integer IS NULL OR p.id = %(sandbox)s)
ORDER BY p.id DESC;

-- name: worn
-- The most worn benchmarks in use that nobody doubts: what people learn of them in a sandbox costs the least.
SELECT task FROM benchmarks WHERE project = %(project)s AND state = 'active' AND flag IS NULL
ORDER BY exposures DESC, task LIMIT %(limit)s;

-- name: labelled
-- The tasks that were labelled last, those first whose labels are too old to be withdrawn: who has had one of the others in a
-- sandbox could not give it another label.
(SELECT task FROM labels WHERE project = %(project)s AND withdrawn_at IS NULL AND delivered_at < %(settled)s
 ORDER BY id DESC LIMIT %(limit)s)
UNION ALL
(SELECT task FROM labels WHERE project = %(project)s AND withdrawn_at IS NULL AND delivered_at >= %(settled)s
 ORDER BY id DESC LIMIT %(limit)s)
LIMIT %(limit)s;

-- name: copy_tasks
-- Tasks of another project wait for a label here too; who had one there does not get it.
WITH source AS (
    SELECT nextval(pg_get_serial_sequence('tasks', 'id')) AS id, t.content, i.input, i.metadata, i.rules
    FROM tasks t JOIN task_inputs i ON i.project = t.project AND i.task = t.id
    WHERE t.project = %(source)s AND t.id = ANY (%(tasks)s::bigint[])
), stored AS (
    INSERT INTO tasks (project, id, content, state, priority, created_at) OVERRIDING SYSTEM VALUE
    SELECT %(project)s, id, content, 'queued', 0, %(now)s FROM source
), inputs AS (
    INSERT INTO task_inputs (project, task, input, metadata, rules)
    SELECT %(project)s, id, input, metadata, rules FROM source
)
INSERT INTO attempts (project, task, content, stage, state, lane, due_at, urgency)
SELECT %(project)s, id, content, 'label', 'open', 1, '9999-12-31 00:00:00+00', 0 FROM source;

-- name: set_budget
-- How much people may do a day in a sandbox; whether it is on is said by the next turn.
UPDATE projects SET warm_per_day = %(per_day)s, warm_on = warm_on AND %(per_day)s > 0, revision = revision + 1
WHERE id = %(project)s AND sandbox_of IS NOT NULL;

-- name: turn
-- Sandboxes are on while both projects are open and today's budget is not spent.
WITH due AS (
    SELECT p.id, p.state = 'open' AND o.state = 'open' AND p.warm_per_day > coalesce((
               SELECT sum(f.answers + f.benchmark_answers + f.decoy_answers) FROM figures f
               WHERE f.project = p.id AND f.span = 60 AND f.at >= %(today)s), 0) AS is_on
    FROM projects p JOIN projects o ON o.id = p.sandbox_of
    WHERE p.sandbox_of IS NOT NULL AND (p.warm_per_day > 0 OR p.warm_on)
)
UPDATE projects SET warm_on = due.is_on, revision = revision + 1 FROM due
WHERE projects.id = due.id AND projects.warm_on <> due.is_on;

-- name: warm
-- The sandboxes whose work people may get now.
SELECT id FROM projects WHERE sandbox_of IS NOT NULL AND warm_on ORDER BY id;

-- name: refill
-- Labelled tasks wait for somebody else once more, drawn at random, where fewer than half as many as wanted wait.
INSERT INTO attempts (project, task, content, stage, state, lane, due_at, urgency)
SELECT t.project, t.id, t.content, 'decoy', 'open', 1, '9999-12-31 00:00:00+00', 0
FROM tasks t
WHERE t.project = %(project)s AND t.state = 'labelled'
  AND (SELECT count(*) FROM (SELECT FROM attempts o WHERE o.project = %(project)s AND o.stage = 'decoy' AND o.state = 'open'
                             LIMIT %(ready)s) AS waiting) < %(ready)s / 2
  AND NOT EXISTS (SELECT FROM attempts a WHERE a.project = t.project AND a.task = t.id AND a.stage = 'decoy' AND a.state = 'open')
ORDER BY random() LIMIT %(ready)s;

-- name: hire
-- Simulated labelers of a sandbox.
INSERT INTO labelers (name, role, created_at, sandbox)
SELECT name, 'labeler', %(now)s, %(project)s FROM unnest(%(names)s::text[]) AS new (name) ON CONFLICT DO NOTHING;

-- name: hired
-- Those of these names who work in the sandbox, in the order of the names.
SELECT l.id FROM unnest(%(names)s::text[]) WITH ORDINALITY AS n (name, place)
JOIN labelers l ON l.name = n.name AND l.sandbox = %(project)s ORDER BY n.place;

-- name: truths
-- Inputs of a sandbox's tasks, each with what was found right: the key of a benchmark, or the label in the original.
SELECT i.input, coalesce(
    (SELECT v.key FROM item_versions v WHERE v.project = t.project AND v.task = t.id ORDER BY v.version DESC LIMIT 1),
    (SELECT (l.answer->>'choice')::integer FROM tasks o JOIN labels l ON l.project = o.project AND l.task = o.id
     WHERE o.project = p.sandbox_of AND o.content = t.content AND l.withdrawn_at IS NULL ORDER BY l.id DESC LIMIT 1))
FROM projects p JOIN tasks t ON t.project = p.id JOIN task_inputs i ON i.project = t.project AND i.task = t.id
WHERE p.id = %(project)s ORDER BY t.id;
