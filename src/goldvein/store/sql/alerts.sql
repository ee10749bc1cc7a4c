-- name: open
-- Open an alert, unless the project has an open one of the same kind and subject, or is a sandbox, which alarms nobody.
INSERT INTO alerts (project, kind, subject, detail, opened_at)
SELECT id, %(kind)s, %(subject)s, %(detail)s, %(now)s FROM projects WHERE id = %(project)s AND sandbox_of IS NULL
ON CONFLICT DO NOTHING
RETURNING id;

-- name: resolve
-- Resolve the open alert of a kind and subject, if there is one.
UPDATE alerts SET resolved_at = %(now)s
WHERE project = %(project)s AND kind = %(kind)s AND subject = %(subject)s AND resolved_at IS NULL
RETURNING id;

-- name: opened
-- The open alerts of a project, the latest first.
SELECT id, kind, subject, detail, opened_at, resolved_at, acknowledged_at, acknowledged_by FROM alerts
WHERE project = %(project)s AND resolved_at IS NULL ORDER BY id DESC LIMIT %(limit)s;

-- name: of_project
-- The alerts of a project, the oldest first.
SELECT id, kind, subject, detail, opened_at, resolved_at, acknowledged_at, acknowledged_by FROM alerts WHERE project = %(project)s ORDER BY id;

-- name: open_of_project
-- The open alerts of a project, the oldest first.
SELECT id, kind, subject, detail, opened_at, resolved_at, acknowledged_at, acknowledged_by FROM alerts
WHERE project = %(project)s AND resolved_at IS NULL ORDER BY id;

-- name: count_open
-- How many alerts each of some projects has open.
SELECT project, count(*) FROM alerts WHERE project = ANY (%(projects)s::integer[]) AND resolved_at IS NULL GROUP BY project;

-- name: page
-- Alerts over all projects or of one, of a customer's projects where one is named, the latest first.
SELECT a.project, p.name, a.id, a.kind, a.subject, a.detail, a.opened_at, a.resolved_at, a.acknowledged_at, a.acknowledged_by,
       m.until
FROM alerts a JOIN projects p ON p.id = a.project
LEFT JOIN mutes m ON m.project = a.project AND m.kind = a.kind AND m.subject = a.subject AND m.until > %(now)s
WHERE a.id < %(before)s AND (%(project)s::integer IS NULL OR a.project = %(project)s)
  AND (%(customer)s::integer IS NULL OR p.customer = %(customer)s)
ORDER BY a.id DESC LIMIT %(limit)s;

-- name: waiting_page
-- As `page`, of alerts that are open.
SELECT a.project, p.name, a.id, a.kind, a.subject, a.detail, a.opened_at, a.resolved_at, a.acknowledged_at, a.acknowledged_by,
       m.until
FROM alerts a JOIN projects p ON p.id = a.project
LEFT JOIN mutes m ON m.project = a.project AND m.kind = a.kind AND m.subject = a.subject AND m.until > %(now)s
WHERE a.resolved_at IS NULL AND a.id < %(before)s AND (%(project)s::integer IS NULL OR a.project = %(project)s)
  AND (%(customer)s::integer IS NULL OR p.customer = %(customer)s)
ORDER BY a.id DESC LIMIT %(limit)s;

-- name: one
-- One alert of a project.
SELECT a.project, p.name, a.id, a.kind, a.subject, a.detail, a.opened_at, a.resolved_at, a.acknowledged_at, a.acknowledged_by,
       m.until
FROM alerts a JOIN projects p ON p.id = a.project
LEFT JOIN mutes m ON m.project = a.project AND m.kind = a.kind AND m.subject = a.subject AND m.until > %(now)s
WHERE a.project = %(project)s AND a.id = %(alert)s;

-- name: spells
-- When alerts of a project were open since a moment, those of its metrics.
SELECT subject, opened_at, coalesce(resolved_at, %(now)s) FROM alerts
WHERE project = %(project)s AND kind IN ('low', 'high') AND (resolved_at IS NULL OR resolved_at >= %(since)s);

-- name: waiting_of_kinds
-- Open alerts of some kinds, over all projects.
SELECT project, kind, subject FROM alerts WHERE resolved_at IS NULL AND kind = ANY (%(kinds)s::text[]) ORDER BY id;

-- name: of_those_who_rest
-- Open alerts of some kinds in projects that take no part now.
SELECT a.project, a.kind, a.subject FROM alerts a JOIN projects p ON p.id = a.project
WHERE a.resolved_at IS NULL AND a.kind = ANY (%(kinds)s::text[]) AND p.state NOT IN ('mining', 'open') ORDER BY a.id;

-- name: acknowledge
-- Somebody has seen an alert; whoever did first stays.
UPDATE alerts SET acknowledged_at = %(now)s, acknowledged_by = %(by)s
WHERE project = %(project)s AND id = %(alert)s AND acknowledged_at IS NULL;

-- name: mute
-- Nobody is told of such alerts until then.
INSERT INTO mutes (project, kind, subject, until, muted_by)
VALUES (%(project)s, %(kind)s, %(subject)s, %(until)s, %(by)s)
ON CONFLICT (project, kind, subject) DO UPDATE SET until = excluded.until, muted_by = excluded.muted_by;

-- name: count_waiting
-- Open alerts that nobody acknowledged, counted up to a bound.
SELECT count(*) FROM (SELECT FROM alerts WHERE resolved_at IS NULL AND acknowledged_at IS NULL LIMIT %(bound)s) AS few;
