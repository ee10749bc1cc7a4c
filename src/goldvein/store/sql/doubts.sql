-- name: list_
-- Benchmarks in doubt over all projects, or in one, the oldest first, without those that another auditor has in hand, or this one
-- has in hand as work, or has answered as work, while they have not waited for others until a time.
SELECT b.project, b.task, p.instruction, p.type, i.input, p.classes, b.flagged_at,
       CASE WHEN b.claimed_until > %(now)s THEN b.claimed_until END
FROM benchmarks b
JOIN projects p ON p.id = b.project
JOIN task_inputs i ON i.project = b.project AND i.task = b.task
JOIN tasks t ON t.project = b.project AND t.id = b.task
WHERE b.flag IS NOT NULL AND b.state IN ('active', 'frozen') AND p.state <> 'closed' AND p.sandbox_of IS NULL
  AND NOT EXISTS (SELECT FROM attempts a WHERE a.project = b.project AND a.content = t.content
                  AND a.labeler = %(auditor)s
                  AND (a.state = 'leased' OR (a.state = 'answered' AND b.flagged_at > %(own_until)s)))
  AND (b.flagged_at, b.project, b.task) > (%(flagged_at)s, %(after_project)s, %(after_task)s)
  AND (%(project)s::integer IS NULL OR b.project = %(project)s)
  AND (b.claimed_until IS NULL OR b.claimed_until <= %(now)s OR b.claimed_by = %(auditor)s)
ORDER BY b.flagged_at, b.project, b.task LIMIT %(limit)s;

-- name: find
-- One benchmark in doubt, with what an auditor may see of it.
SELECT b.project, b.task, p.instruction, p.type, i.input, p.classes, b.flagged_at, b.claimed_until
FROM benchmarks b
JOIN projects p ON p.id = b.project
JOIN task_inputs i ON i.project = b.project AND i.task = b.task
WHERE b.project = %(project)s AND b.task = %(task)s AND b.flag IS NOT NULL AND b.state IN ('active', 'frozen');

-- name: lock
-- One benchmark in doubt, against two auditors at once.
SELECT b.state, b.flag, b.flagged_at, b.claimed_by, b.claimed_until FROM benchmarks b
WHERE b.project = %(project)s AND b.task = %(task)s AND b.flag IS NOT NULL AND b.state IN ('active', 'frozen') FOR UPDATE;

-- name: lock_next
-- The first benchmark in doubt from a place on that no other auditor has in hand, nor is just taking, and that this one does
-- not have in hand as work, nor has answered as work, while it has not waited for others until a time.
SELECT b.project, b.task
FROM benchmarks b
JOIN projects p ON p.id = b.project
JOIN tasks t ON t.project = b.project AND t.id = b.task
WHERE b.flag IS NOT NULL AND b.state IN ('active', 'frozen') AND p.state <> 'closed' AND p.sandbox_of IS NULL
  AND (b.flagged_at, b.project, b.task) > (%(flagged_at)s, %(after_project)s, %(after_task)s)
  AND (%(project)s::integer IS NULL OR b.project = %(project)s)
  AND (b.claimed_until IS NULL OR b.claimed_until <= %(now)s OR b.claimed_by = %(auditor)s)
  AND NOT EXISTS (SELECT FROM attempts a WHERE a.project = b.project AND a.content = t.content
                  AND a.labeler = %(auditor)s
                  AND (a.state = 'leased' OR (a.state = 'answered' AND b.flagged_at > %(own_until)s)))
ORDER BY b.flagged_at, b.project, b.task LIMIT 1
FOR UPDATE OF b SKIP LOCKED;

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

-- name: count
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
