-- name: judged
-- Answers that moved a labeler's standing, in order, each as it was shown, from after a step on.
SELECT l.n, n.received_at, n.shown_at, n.choice, n.focus_ms, n.comment, a.shown, i.input
FROM log l
JOIN answers n ON n.project = l.project AND n.attempt = l.attempt
JOIN attempts a ON a.project = l.project AND a.id = l.attempt
JOIN task_inputs i ON i.project = l.project AND i.task = l.task
WHERE l.project = %(project)s AND l.labeler = %(labeler)s AND l.n IS NOT NULL AND l.n > %(after)s AND l.kind = 'answer'
ORDER BY l.project, l.labeler, l.n, l.at LIMIT %(limit)s;

-- name: others
-- Answers that moved none, in order, from after a place in the log on.
SELECT l.at, l.id, n.received_at, n.shown_at, n.choice, n.focus_ms, n.comment, a.shown, i.input
FROM log l
JOIN answers n ON n.project = l.project AND n.attempt = l.attempt
JOIN attempts a ON a.project = l.project AND a.id = l.attempt
JOIN task_inputs i ON i.project = l.project AND i.task = l.task
WHERE l.project = %(project)s AND l.labeler = %(labeler)s AND l.n IS NULL AND (l.at, l.id) > (%(at)s, %(id)s)
  AND l.kind = 'answer'
ORDER BY l.project, l.labeler, l.at, l.id LIMIT %(limit)s;

-- name: asides
-- Skips, practice and comments of a labeler, in order, from after a place in the log on.
SELECT at, id, kind, coalesce(detail ->> 'reason', detail ->> 'comment') FROM log
WHERE project = %(project)s AND labeler = %(labeler)s AND n IS NULL AND (at, id) > (%(at)s, %(id)s)
  AND (kind IN ('skip', 'practice') OR (kind = 'audit' AND detail ? 'comment'))
ORDER BY project, labeler, at, id LIMIT %(limit)s;

-- name: disputes
-- What a labeler said of tasks, in order, from after a place on.
SELECT d.made_at, d.project, d.attempt, p.name, d.reason
FROM disputes d JOIN projects s ON s.id = d.project JOIN projects p ON p.id = coalesce(s.sandbox_of, s.id)
WHERE d.labeler = %(labeler)s AND (d.made_at, d.project, d.attempt) > (%(at)s, %(project)s, %(attempt)s)
ORDER BY d.made_at, d.project, d.attempt LIMIT %(limit)s;

-- name: days
-- How much a labeler did on each day, from after a day on.
SELECT day, answers, skips FROM labeler_days WHERE labeler = %(labeler)s AND day > %(after)s ORDER BY day LIMIT %(limit)s;

-- name: keys
-- A labeler's keys, by name.
SELECT name, created_at, revoked_at FROM api_keys WHERE labeler = %(labeler)s ORDER BY id LIMIT %(limit)s;
