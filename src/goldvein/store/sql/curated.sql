-- name: by_contents
-- Tasks that have some contents, the oldest hundred of each, with what benchmark was made of them.
SELECT wanted.content, t.id, t.state, t.unique_id, b.state, b.item_version IS NOT NULL, v.key
FROM unnest(%(contents)s::bigint[]) AS wanted (content)
CROSS JOIN LATERAL (SELECT id, state, unique_id FROM tasks WHERE project = %(project)s AND content = wanted.content
                    ORDER BY project, content, id LIMIT 100) AS t
LEFT JOIN benchmarks b ON b.project = %(project)s AND b.task = t.id
LEFT JOIN item_versions v ON v.project = %(project)s AND v.task = t.id AND v.version = b.item_version
ORDER BY t.id;

-- name: insert
-- Benchmarks whose keys are given. A task that is, or was, a candidate becomes one as well.
INSERT INTO benchmarks (project, task, state, basis, ordinal, item_version, exposures, revision, created_at, promoted_at,
                        expected_response, initial_response, source_project, source_task, explanation)
SELECT %(project)s, task, 'active', %(basis)s, ordinal, 1, exposures, %(revision)s, %(now)s, promoted_at, expected, initial,
       source_project, source_task, explanation
FROM unnest(%(tasks)s::bigint[], %(ordinals)s::integer[], %(exposures)s::integer[], %(promoted)s::timestamptz[],
            %(expected)s::jsonb[], %(initial)s::jsonb[], %(source_projects)s::integer[], %(source_tasks)s::bigint[],
            %(explanations)s::text[])
     AS new (task, ordinal, exposures, promoted_at, expected, initial, source_project, source_task, explanation)
ON CONFLICT (project, task) DO UPDATE SET state = 'active', basis = excluded.basis, ordinal = excluded.ordinal, item_version = 1,
    revision = excluded.revision, promoted_at = excluded.promoted_at, ended_at = NULL, reason = NULL,
    expected_response = excluded.expected_response, initial_response = excluded.initial_response,
    explanation = excluded.explanation;

-- name: take_ordinals
-- The places of new benchmarks in the bitmaps of what labelers have seen; the last of them.
UPDATE projects SET last_ordinal = last_ordinal + %(count)s WHERE id = %(project)s RETURNING last_ordinal;

-- name: list_all
-- Benchmarks and candidates in the order of their tasks.
SELECT b.task, t.unique_id, b.state, b.basis, v.key, v.key_right, b.exposures, b.created_at, b.promoted_at, b.ended_at, b.reason,
       b.flag, b.flagged_at, b.choices
FROM (SELECT * FROM benchmarks
      WHERE project = %(project)s AND task > %(after)s ORDER BY project, task LIMIT %(limit)s) AS b
JOIN tasks t ON t.project = b.project AND t.id = b.task
LEFT JOIN item_versions v ON v.project = b.project AND v.task = b.task AND v.version = b.item_version
ORDER BY b.task;

-- name: list_latest
-- Benchmarks and candidates, those of the latest tasks first.
SELECT b.task, t.unique_id, b.state, b.basis, v.key, v.key_right, b.exposures, b.created_at, b.promoted_at, b.ended_at, b.reason,
       b.flag, b.flagged_at, b.choices
FROM (SELECT * FROM benchmarks
      WHERE project = %(project)s AND task < %(after)s ORDER BY project DESC, task DESC LIMIT %(limit)s) AS b
JOIN tasks t ON t.project = b.project AND t.id = b.task
LEFT JOIN item_versions v ON v.project = b.project AND v.task = b.task AND v.version = b.item_version
ORDER BY b.task DESC;

-- name: excerpts
-- How some tasks begin.
SELECT task, left(input ->> 'prompt', %(length)s) FROM task_inputs
WHERE project = %(project)s AND task = ANY (%(tasks)s::bigint[]) AND input ? 'prompt';

-- name: list_state
-- Those in one state.
SELECT b.task, t.unique_id, b.state, b.basis, v.key, v.key_right, b.exposures, b.created_at, b.promoted_at, b.ended_at, b.reason,
       b.flag, b.flagged_at, b.choices
FROM (SELECT * FROM benchmarks
      WHERE project = %(project)s AND state = %(state)s AND task > %(after)s
        AND (%(basis)s::text IS NULL OR basis = %(basis)s)
      ORDER BY project, state, task LIMIT %(limit)s) AS b
JOIN tasks t ON t.project = b.project AND t.id = b.task
LEFT JOIN item_versions v ON v.project = b.project AND v.task = b.task AND v.version = b.item_version
ORDER BY b.task;

-- name: list_basis
-- Those made in one way.
SELECT b.task, t.unique_id, b.state, b.basis, v.key, v.key_right, b.exposures, b.created_at, b.promoted_at, b.ended_at, b.reason,
       b.flag, b.flagged_at, b.choices
FROM (SELECT * FROM benchmarks
      WHERE project = %(project)s AND basis = %(basis)s AND task > %(after)s
      ORDER BY project, basis, task LIMIT %(limit)s) AS b
JOIN tasks t ON t.project = b.project AND t.id = b.task
LEFT JOIN item_versions v ON v.project = b.project AND v.task = b.task AND v.version = b.item_version
ORDER BY b.task;

-- name: list_flagged
-- Those at which an auditor should look.
SELECT b.task, t.unique_id, b.state, b.basis, v.key, v.key_right, b.exposures, b.created_at, b.promoted_at, b.ended_at, b.reason,
       b.flag, b.flagged_at, b.choices
FROM (SELECT * FROM benchmarks
      WHERE project = %(project)s AND flag IS NOT NULL AND task > %(after)s
        AND (%(state)s::text IS NULL OR state = %(state)s) AND (%(basis)s::text IS NULL OR basis = %(basis)s)
      ORDER BY project, task LIMIT %(limit)s) AS b
JOIN tasks t ON t.project = b.project AND t.id = b.task
LEFT JOIN item_versions v ON v.project = b.project AND v.task = b.task AND v.version = b.item_version
ORDER BY b.task;

-- name: one
-- One benchmark with all that is stored of it but its answers.
SELECT b.task, t.unique_id, b.state, b.basis, v.key, v.key_right, b.exposures, b.created_at, b.promoted_at, b.ended_at, b.reason,
       b.flag, b.flagged_at, b.choices, i.input, b.expected_response, b.initial_response, b.source_project, b.source_task,
       b.explanation, i.rules
FROM benchmarks b
JOIN tasks t ON t.project = b.project AND t.id = b.task
JOIN task_inputs i ON i.project = b.project AND i.task = b.task
LEFT JOIN item_versions v ON v.project = b.project AND v.task = b.task AND v.version = b.item_version
WHERE b.project = %(project)s AND b.task = %(task)s;

-- name: servings
-- What became of the servings of a benchmark: answers by choice, and those given back or let go, as null.
SELECT n.choice, count(*)
FROM (SELECT project, id FROM attempts
      WHERE project = %(project)s AND task = %(task)s AND stage = 'benchmark'
        AND state IN ('answered', 'skipped', 'lapsed', 'closed')) AS a
LEFT JOIN answers n ON n.project = a.project AND n.attempt = a.id
GROUP BY n.choice;

-- name: life
-- What the log says of a benchmark but for answers, the latest last.
SELECT at, kind, choice, decision, detail FROM (
    SELECT at, id, kind, choice, decision, detail FROM log
    WHERE project = %(project)s AND task = %(task)s
      AND kind IN ('candidate', 'promote', 'drop', 'freeze', 'thaw', 'retire', 'key', 'flag', 'audit', 'cancel', 'dispute')
    ORDER BY at DESC, id DESC LIMIT %(limit)s) AS steps
ORDER BY at, id;

-- name: versions
-- The item versions of a benchmark, the latest last; those that only strike answers out are no belief of their own.
SELECT version, key, key_right, made_at FROM (
    SELECT version, key, key_right, made_at FROM item_versions
    WHERE project = %(project)s AND task = %(task)s AND NOT struck ORDER BY version DESC LIMIT %(limit)s) AS latest
ORDER BY version;

-- name: believed
-- What is believed of some benchmarks now, or was before they were struck out.
SELECT DISTINCT ON (task) task, key, key_right, key_probabilities FROM item_versions
WHERE project = %(project)s AND task = ANY (%(tasks)s::bigint[]) AND NOT struck ORDER BY task, version DESC;

-- name: follow_key
-- The expected response of a benchmark, where it has one, says what its key says.
UPDATE benchmarks SET expected_response = %(expected)s
WHERE project = %(project)s AND task = %(task)s AND expected_response IS NOT NULL;

-- name: worn
-- Benchmarks in use that were served so often, from a task on.
SELECT task FROM benchmarks
WHERE project = %(project)s AND state = %(state)s AND task > %(after)s AND exposures >= %(exposures)s
  AND (%(basis)s::text IS NULL OR basis = %(basis)s)
  AND (%(flagged)s::boolean IS NULL OR (flag IS NOT NULL) = %(flagged)s)
ORDER BY project, state, task LIMIT %(limit)s;

-- name: explain
-- Why the key is right; null where nobody has said so of the key in force.
UPDATE benchmarks SET explanation = %(explanation)s
WHERE project = %(project)s AND task = %(task)s AND explanation IS DISTINCT FROM %(explanation)s::text;

-- name: panel_words
-- What those of the panel said of a task, with their comments, the first ones first.
SELECT n.received_at, l.name, n.choice, n.comment
FROM (SELECT project, id FROM attempts
      WHERE project = %(project)s AND task = %(task)s AND stage = 'panel' AND state = 'answered') AS a
JOIN answers n ON n.project = a.project AND n.attempt = a.id
JOIN labelers l ON l.id = n.labeler
ORDER BY n.received_at, n.attempt LIMIT %(limit)s;

-- name: dispute_words
-- What labelers object to in a task, the latest first.
SELECT d.made_at, l.name, NULL, d.reason FROM disputes d JOIN labelers l ON l.id = d.labeler
WHERE d.project = %(project)s AND d.task = %(task)s ORDER BY d.made_at DESC, d.attempt LIMIT %(limit)s;

-- name: carried
-- Benchmarks in use that may go on in a copy of their project: neither worn, nor old, nor in doubt. They are found first:
-- joined before they are few, all tasks might be read.
WITH found AS MATERIALIZED (
    SELECT project, task, item_version, exposures, promoted_at, expected_response, initial_response, explanation
    FROM benchmarks
    WHERE project = %(project)s AND state = 'active' AND flag IS NULL AND task > %(after)s
      AND exposures < %(exposures)s AND promoted_at > %(since)s
    ORDER BY project, state, task LIMIT %(limit)s
)
SELECT b.task, b.exposures, b.promoted_at, i.input, i.metadata, i.rules, t.content, v.key_probabilities, v.difficulty,
       b.expected_response, b.initial_response, b.explanation
FROM found b
JOIN tasks t ON t.project = b.project AND t.id = b.task
JOIN task_inputs i ON i.project = b.project AND i.task = b.task
JOIN item_versions v ON v.project = b.project AND v.task = b.task AND v.version = b.item_version
ORDER BY b.task;

-- name: carried_of
-- Some benchmarks as they may go on in a copy of their project.
SELECT b.task, b.exposures, b.promoted_at, i.input, i.metadata, i.rules, t.content, v.key_probabilities, v.difficulty,
       b.expected_response, b.initial_response, b.explanation
FROM benchmarks b
JOIN tasks t ON t.project = b.project AND t.id = b.task
JOIN task_inputs i ON i.project = b.project AND i.task = b.task
JOIN item_versions v ON v.project = b.project AND v.task = b.task AND v.version = b.item_version
WHERE b.project = %(project)s AND b.task = ANY (%(tasks)s::bigint[]) ORDER BY b.task;

-- name: retirable
-- Those of some benchmarks that are in use, or frozen; candidates are the panel's.
SELECT task FROM benchmarks
WHERE project = %(project)s AND task = ANY (%(tasks)s::bigint[]) AND state IN ('active', 'frozen') ORDER BY task;

-- name: ordinals_seen_in
-- The active benchmarks whose content a labeler has had in other projects.
WITH known AS MATERIALIZED (
    SELECT b.ordinal, (SELECT t.content FROM tasks t WHERE t.project = b.project AND t.id = b.task) AS content
    FROM benchmarks b WHERE b.project = %(project)s AND b.state = 'active'
)
SELECT DISTINCT known.ordinal FROM known
CROSS JOIN unnest(%(projects)s::integer[]) AS kin (project)
JOIN attempts a ON a.project = kin.project AND a.content = known.content AND a.labeler = %(labeler)s;
