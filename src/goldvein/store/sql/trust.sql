-- name: bases
-- Why labelers are on a project's panel, or may not be, beside what standings say.
SELECT labeler, basis FROM trust WHERE project = %(project)s;

-- name: basis
-- Why one labeler is on a project's panel, or may not be.
SELECT basis FROM panel_members WHERE project = %(project)s AND labeler = %(labeler)s
UNION ALL
SELECT basis FROM trust WHERE project = %(project)s AND labeler = %(labeler)s AND basis = 'barred';

-- name: note
-- Why somebody is on a project's panel, or may not be; what was noted before is replaced.
INSERT INTO trust (project, labeler, basis, lower, reason, since)
VALUES (%(project)s, %(labeler)s, %(basis)s, %(lower)s, %(reason)s, %(now)s)
ON CONFLICT (project, labeler) DO UPDATE
SET basis = excluded.basis, lower = excluded.lower, reason = excluded.reason, since = excluded.since;

-- name: forget
-- Nothing but the standing says any more whether somebody is on a project's panel.
DELETE FROM trust WHERE project = %(project)s AND labeler = %(labeler)s RETURNING basis;

-- name: by_basis
-- Who is on a project's panel for a reason, and what was certain of each.
SELECT labeler, lower FROM trust WHERE project = %(project)s AND basis = %(basis)s ORDER BY labeler;

-- name: shown
-- Standings that may show somebody fit for the panels of other projects, page by page.
SELECT s.labeler, s.project, s.model_version, s.posterior, s.benchmarks, s.updated_at
FROM standings s WHERE s.labeler > %(after)s AND s.state = 'admitted' AND s.p_benchmarks >= %(p)s
  AND s.benchmarks >= %(benchmarks)s
  AND NOT EXISTS (SELECT FROM projects p WHERE p.id = s.project AND p.sandbox_of IS NOT NULL)
ORDER BY s.labeler, s.project LIMIT %(limit)s;

-- name: dismissed_since
-- Who was dismissed anywhere after a moment.
SELECT DISTINCT labeler FROM standings s WHERE state = 'dismissed' AND updated_at > %(since)s
  AND NOT EXISTS (SELECT FROM projects p WHERE p.id = s.project AND p.sandbox_of IS NOT NULL);

-- name: panel
-- Everybody who may answer a project's candidates or is barred from it, with what is known of each.
SELECT l.id, l.name, l.role, t.basis, t.lower, t.reason, t.since, s.labeler IS NOT NULL, s.panel, s.state,
       s.benchmarks, s.posterior, s.model_version
FROM labelers l
LEFT JOIN panel_members m ON m.project = %(project)s AND m.labeler = l.id
LEFT JOIN trust t ON t.project = %(project)s AND t.labeler = l.id
LEFT JOIN standings s ON s.project = %(project)s AND s.labeler = l.id
WHERE m.labeler IS NOT NULL OR t.basis = 'barred' ORDER BY l.id;

-- name: end_panel
-- A standing that says nothing of the panel any more; whether it did.
UPDATE standings SET panel = NULL WHERE project = %(project)s AND labeler = %(labeler)s AND panel IS NOT NULL
RETURNING panel;

-- name: end_appointments
-- Somebody who was appointed everywhere is so no more: the standings of all projects follow.
UPDATE standings SET panel = NULL WHERE labeler = %(labeler)s AND panel = 'appointed';

-- name: appoint_standings
-- Somebody is appointed everywhere: the standings of all projects follow.
UPDATE standings SET panel = 'appointed' WHERE labeler = %(labeler)s;

-- name: projects_of
-- The projects on whose panel a labeler is, or is barred from it.
SELECT project FROM panel_members WHERE labeler = %(labeler)s
UNION SELECT project FROM trust WHERE labeler = %(labeler)s ORDER BY project;
