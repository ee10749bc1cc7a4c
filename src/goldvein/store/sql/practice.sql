-- name: draw
-- A retired benchmark of a project whose key stands, the first one from a place on: nowhere in the project's family has the
-- labeler had its content, and nowhere is anybody tested with it.
SELECT b.task, v.key, t.content FROM benchmarks b
JOIN item_versions v ON v.project = b.project AND v.task = b.task AND v.version = b.item_version
CROSS JOIN LATERAL (SELECT content FROM tasks WHERE project = b.project AND id = b.task) AS t
WHERE b.project = %(project)s AND b.state = 'retired' AND b.ordinal >= %(since)s AND b.ended_at < %(before)s
  AND v.key_right >= %(key_right)s AND b.flag IS NULL AND b.reason <> ALL (%(apart)s)
  AND NOT EXISTS (SELECT FROM attempts a
                  WHERE a.project = ANY (%(family)s) AND a.content = t.content AND a.labeler = %(labeler)s)
  AND NOT EXISTS (SELECT FROM tasks k JOIN benchmarks kb ON kb.project = k.project AND kb.task = k.id
                  WHERE k.project = ANY (%(family)s) AND k.content = t.content AND kb.state <> 'retired')
ORDER BY b.ordinal LIMIT 1;

-- name: last_ordinal
-- How many benchmarks a project has had.
SELECT last_ordinal FROM projects WHERE id = %(project)s;

-- name: show
-- A practice task in a labeler's hands: nothing waits for it. None if the labeler had that content in the meantime.
INSERT INTO attempts (project, task, content, stage, state, lane, due_at, urgency, labeler, shown, shown_at)
VALUES (%(project)s, %(task)s, %(content)s, 'practice', 'closed', 1, %(now)s, 0, %(labeler)s, %(shown)s, %(now)s)
ON CONFLICT (project, content, labeler) WHERE labeler IS NOT NULL DO NOTHING
RETURNING id;

-- name: find
-- A practice task as it was shown, with the key, and why it is right: as whoever gave it explained, and in the words of those of
-- the panel who chose it.
SELECT a.task, a.shown, v.key,
       array_remove(ARRAY[b.explanation], NULL) || ARRAY(SELECT n.comment FROM attempts p JOIN answers n ON n.project = p.project AND n.attempt = p.id
             WHERE p.project = a.project AND p.task = a.task AND p.stage = 'panel' AND p.state = 'answered'
               AND n.choice = v.key AND n.comment IS NOT NULL ORDER BY n.attempt LIMIT 10)
FROM attempts a
JOIN benchmarks b ON b.project = a.project AND b.task = a.task
JOIN item_versions v ON v.project = b.project AND v.task = b.task AND v.version = b.item_version
WHERE a.project = %(project)s AND a.id = %(attempt)s AND a.labeler = %(labeler)s AND a.stage = 'practice'
FOR UPDATE OF a;

-- name: answered
-- The first answer to a practice task: the row stays closed, for nothing is stored of the answer but in the log.
UPDATE attempts SET fence = 1 WHERE project = %(project)s AND id = %(attempt)s AND fence = 0;

-- name: dispute
-- A labeler's word on a task that it has, or had, in hand; the first one stands.
INSERT INTO disputes (project, attempt, task, labeler, reason, made_at)
SELECT project, id, task, labeler, %(reason)s, %(now)s FROM attempts
WHERE project = %(project)s AND id = %(attempt)s AND labeler = %(labeler)s
ON CONFLICT (project, attempt) DO NOTHING RETURNING task;

-- name: had
-- Whether an attempt is, or was, in a labeler's hands.
SELECT EXISTS (SELECT FROM attempts WHERE project = %(project)s AND id = %(attempt)s AND labeler = %(labeler)s);

-- name: disputed
-- Attempts at some tasks that were disputed.
SELECT attempt FROM disputes WHERE project = %(project)s AND task = ANY (%(tasks)s);
