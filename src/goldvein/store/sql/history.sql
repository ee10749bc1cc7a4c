-- name: of_labeler
-- Everything the log says of one labeler in one project, oldest first.
SELECT * FROM history WHERE project = %(project)s AND labeler = %(labeler)s
ORDER BY at, id;

-- name: steps_before
-- Rows that moved one labeler's standing before a step, the latest first.
SELECT * FROM history WHERE project = %(project)s AND labeler = %(labeler)s AND n IS NOT NULL AND n < %(n)s
ORDER BY n DESC LIMIT %(limit)s;

-- name: asides_before
-- Rows of one labeler that moved no standing, from before a place in the log, the latest first.
SELECT * FROM history WHERE project = %(project)s AND labeler = %(labeler)s AND n IS NULL AND (at, id) < (%(at)s, %(id)s)
ORDER BY at DESC, id DESC LIMIT %(limit)s;

-- name: of_task
-- Everything the log says of one task, oldest first.
SELECT * FROM history WHERE project = %(project)s AND task = %(task)s
ORDER BY at, id;

-- name: of_task_before
-- Rows of one task before a place in the log, the latest first.
SELECT * FROM history WHERE project = %(project)s AND task = %(task)s AND id < %(id)s
ORDER BY id DESC LIMIT %(limit)s;

-- name: of_project_between
-- Rows of a project between two places in the log, the latest first; of one kind where one is given.
SELECT * FROM history WHERE project = %(project)s AND id >= %(first)s AND id < %(before)s AND at <= %(until)s
  AND (%(kind)s::text IS NULL OR kind = %(kind)s)
ORDER BY id DESC LIMIT %(limit)s;

-- name: last_entry_until
-- The last row of the log of a project among the last hours until a moment in which anything happened: clocks are not further
-- apart than these.
SELECT max(last_entry) FROM (
    SELECT last_entry FROM figures WHERE project = %(project)s AND span = 60 AND at <= %(until)s ORDER BY at DESC LIMIT 48
) AS hours;

-- name: find_label
-- One label by its id, with when its task was pushed.
SELECT l.project, l.id, l.task, l.attempt, l.basis, l.labeler, l.answer, l.policy_version, t.created_at, l.answered_at,
       l.delivered_at, l.withdrawn_at, l.replaces
FROM labels l JOIN tasks t ON t.project = l.project AND t.id = l.task
WHERE l.id = %(label)s;

-- name: projects_of_labeler
-- The projects in which the log knows a labeler.
SELECT DISTINCT project FROM log WHERE labeler = %(labeler)s ORDER BY project;

-- name: labeler_names
-- The names of some labelers.
SELECT id, name FROM labelers WHERE id = ANY (%(labelers)s::integer[]);

-- name: find_labeler
-- The labeler of a name.
SELECT id FROM labelers WHERE name = %(name)s;
