-- name: open
-- Open an alert, unless the project has an open one of the same kind and subject.
INSERT INTO alerts (project, kind, subject, detail, opened_at)
VALUES (%(project)s, %(kind)s, %(subject)s, %(detail)s, %(now)s)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: resolve
-- Resolve the open alert of a kind and subject, if there is one.
UPDATE alerts SET resolved_at = %(now)s
WHERE project = %(project)s AND kind = %(kind)s AND subject = %(subject)s AND resolved_at IS NULL
RETURNING id;

-- name: opened
-- The open alerts of a project, the latest first.
SELECT id, kind, subject, detail, opened_at, resolved_at FROM alerts
WHERE project = %(project)s AND resolved_at IS NULL ORDER BY id DESC LIMIT %(limit)s;

-- name: of_project
-- The alerts of a project, the oldest first.
SELECT id, kind, subject, detail, opened_at, resolved_at FROM alerts WHERE project = %(project)s ORDER BY id;

-- name: open_of_project
-- The open alerts of a project, the oldest first.
SELECT id, kind, subject, detail, opened_at, resolved_at FROM alerts
WHERE project = %(project)s AND resolved_at IS NULL ORDER BY id;

-- name: count_open
-- How many alerts each of some projects has open.
SELECT project, count(*) FROM alerts WHERE project = ANY (%(projects)s::integer[]) AND resolved_at IS NULL GROUP BY project;
