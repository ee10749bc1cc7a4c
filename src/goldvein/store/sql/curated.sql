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

-- name: in_doubt
-- Benchmarks in doubt over all projects, or in one, the oldest first, without those that another auditor has in hand, or this one
-- has in hand as work.
SELECT b.project, b.task, p.instruction, p.type, i.input, p.classes, b.flagged_at,
       CASE WHEN b.claimed_until > %(now)s THEN b.claimed_until END
FROM benchmarks b
JOIN projects p ON p.id = b.project
JOIN task_inputs i ON i.project = b.project AND i.task = b.task
JOIN tasks t ON t.project = b.project AND t.id = b.task
WHERE b.flag IS NOT NULL AND b.state IN ('active', 'frozen') AND p.state <> 'closed' AND p.sandbox_of IS NULL
  AND NOT EXISTS (SELECT FROM attempts a WHERE a.project = b.project AND a.content = t.content
                  AND a.labeler = %(auditor)s AND a.state = 'leased')
  AND (b.flagged_at, b.project, b.task) > (%(flagged_at)s, %(after_project)s, %(after_task)s)
  AND (%(project)s::integer IS NULL OR b.project = %(project)s)
  AND (b.claimed_until IS NULL OR b.claimed_until <= %(now)s OR b.claimed_by = %(auditor)s)
ORDER BY b.flagged_at, b.project, b.task LIMIT %(limit)s;

-- name: lock_doubt
-- One benchmark in doubt, against two auditors at once.
SELECT b.state, b.flag, b.flagged_at, b.claimed_by, b.claimed_until FROM benchmarks b
WHERE b.project = %(project)s AND b.task = %(task)s AND b.flag IS NOT NULL AND b.state IN ('active', 'frozen') FOR UPDATE;

-- name: claim
-- An auditor looks at a benchmark.
UPDATE benchmarks SET claimed_by = %(auditor)s, claimed_until = %(until)s WHERE project = %(project)s AND task = %(task)s;

-- name: unclaim
-- Nobody does any more.
UPDATE benchmarks SET claimed_by = NULL, claimed_until = NULL WHERE project = %(project)s AND task = %(task)s;

-- name: release
-- The auditor who has it in hand gives it back.
UPDATE benchmarks SET claimed_by = NULL, claimed_until = NULL
WHERE project = %(project)s AND task = %(task)s AND claimed_by = %(auditor)s;

-- name: note_seen
-- An auditor has had some contents, and is not tested on them. The order shown is kept where it was the auditor's own.
INSERT INTO attempts (project, task, content, stage, state, lane, due_at, urgency, labeler, shown, shown_at)
SELECT t.project, t.id, t.content, 'audit', 'closed', 1, %(due_at)s, 0, %(labeler)s,
       string_to_array(nullif(seen.shown, ''), ',')::smallint[], %(now)s
FROM unnest(%(projects)s::integer[], %(tasks)s::bigint[], %(shown)s::text[]) AS seen (project, task, shown)
JOIN tasks t ON t.project = seen.project AND t.id = seen.task
ON CONFLICT DO NOTHING;

-- name: at_work
-- Whether somebody has the content of a task in hand as work.
SELECT EXISTS (
    SELECT FROM tasks t JOIN attempts a ON a.project = t.project AND a.content = t.content
    WHERE t.project = %(project)s AND t.id = %(task)s AND a.labeler = %(labeler)s AND a.state = 'leased');

-- name: contents_at_work
-- What somebody has in hand as work, in whatever project: a lease, and one that is put off.
SELECT a.content
FROM labelers l
CROSS JOIN LATERAL (VALUES (l.lease_project, l.lease_attempt), (l.deferred_project, l.deferred_attempt)) AS held (project, attempt)
JOIN attempts a ON a.project = held.project AND a.id = held.attempt
WHERE l.id = %(labeler)s AND a.state = 'leased';

-- name: has_judged
-- Whether an auditor has judged a benchmark.
SELECT EXISTS (
    SELECT FROM log WHERE project = %(project)s AND task = %(task)s AND kind = 'audit' AND labeler = %(auditor)s);

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

-- name: next_in_doubt
-- The first benchmark in doubt from a place on that no other auditor has in hand, nor is just taking, and that this one does
-- not have in hand as work.
SELECT b.project, b.task
FROM benchmarks b
JOIN projects p ON p.id = b.project
JOIN tasks t ON t.project = b.project AND t.id = b.task
WHERE b.flag IS NOT NULL AND b.state IN ('active', 'frozen') AND p.state <> 'closed' AND p.sandbox_of IS NULL
  AND (b.flagged_at, b.project, b.task) > (%(flagged_at)s, %(after_project)s, %(after_task)s)
  AND (%(project)s::integer IS NULL OR b.project = %(project)s)
  AND (b.claimed_until IS NULL OR b.claimed_until <= %(now)s OR b.claimed_by = %(auditor)s)
  AND NOT EXISTS (SELECT FROM attempts a WHERE a.project = b.project AND a.content = t.content
                  AND a.labeler = %(auditor)s AND a.state = 'leased')
ORDER BY b.flagged_at, b.project, b.task LIMIT 1
FOR UPDATE OF b SKIP LOCKED;

-- name: count_doubts
-- Benchmarks in doubt by project and reason, those that wait longest counted first, up to a bound.
SELECT d.project, p.name, d.flag, count(*), min(d.flagged_at), count(*) FILTER (WHERE d.claimed_until > %(now)s)
FROM (SELECT project, flag, flagged_at, claimed_until FROM benchmarks
      WHERE flag IS NOT NULL AND state IN ('active', 'frozen') ORDER BY flagged_at, project, task LIMIT %(bound)s) AS d
JOIN projects p ON p.id = d.project AND p.state <> 'closed' AND p.sandbox_of IS NULL
GROUP BY d.project, p.name, d.flag ORDER BY min(d.flagged_at), d.project;

-- name: audits
-- What auditors judged since a time, the latest first.
SELECT g.at, g.project, p.name, g.task, g.labeler, l.name, g.decision
FROM (SELECT at, project, task, labeler, decision FROM log
      WHERE kind = 'audit' AND at >= %(since)s AND decision IS DISTINCT FROM 'comment'
      ORDER BY at DESC LIMIT %(limit)s) AS g
JOIN projects p ON p.id = g.project
JOIN labelers l ON l.id = g.labeler
ORDER BY g.at DESC;

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

-- name: doubt
-- One benchmark in doubt, with what an auditor may see of it.
SELECT b.project, b.task, p.instruction, p.type, i.input, p.classes, b.flagged_at, b.claimed_until
FROM benchmarks b
JOIN projects p ON p.id = b.project
JOIN task_inputs i ON i.project = b.project AND i.task = b.task
WHERE b.project = %(project)s AND b.task = %(task)s AND b.flag IS NOT NULL AND b.state IN ('active', 'frozen');

-- name: ordinals_seen_in
-- The active benchmarks whose content a labeler has had in other projects.
WITH known AS MATERIALIZED (
    SELECT b.ordinal, (SELECT t.content FROM tasks t WHERE t.project = b.project AND t.id = b.task) AS content
    FROM benchmarks b WHERE b.project = %(project)s AND b.state = 'active'
)
SELECT DISTINCT known.ordinal FROM known
CROSS JOIN unnest(%(projects)s::integer[]) AS kin (project)
JOIN attempts a ON a.project = kin.project AND a.content = known.content AND a.labeler = %(labeler)s;
