-- name: standings
-- Standings of living projects that are not over, in key order, each with what its card said last.
SELECT s.project, s.labeler, s.state, s.p_benchmarks, s.p_all, s.benchmarks, s.admitted_at,
       CASE WHEN c.admitted_at = s.admitted_at THEN c.benchmarks ELSE 0 END, c.refreshed_at
FROM (SELECT * FROM standings
      WHERE (project, labeler) > (%(project)s, %(labeler)s)
        AND project = ANY (%(living)s::integer[]) AND state <> 'dismissed' AND benchmarks >= %(over)s
      ORDER BY project, labeler LIMIT %(limit)s) s
LEFT JOIN LATERAL (SELECT * FROM cards WHERE project = s.project AND labeler = s.labeler LIMIT 1) c ON true
ORDER BY s.project, s.labeler;

-- name: save
-- What cards say from now on; the same row is not refreshed by two jobs at once.
INSERT INTO cards (project, labeler, level, benchmarks, admitted_at, refreshed_at)
SELECT project, labeler, level, benchmarks, admitted_at, %(now)s
FROM unnest(%(projects)s::integer[], %(labelers)s::integer[], %(levels)s::text[], %(benchmarks)s::integer[],
            %(admitted)s::timestamptz[]) AS new (project, labeler, level, benchmarks, admitted_at)
ORDER BY project, labeler
ON CONFLICT (project, labeler) DO UPDATE SET level = excluded.level, benchmarks = excluded.benchmarks,
    admitted_at = excluded.admitted_at, refreshed_at = excluded.refreshed_at
WHERE cards.refreshed_at <= %(before)s;

-- name: of_labeler
-- The projects in which a labeler has a standing, with what the card says of it, the latest first. A dismissal shows once the
-- last answers after it were taken: then it shows in work as well.
SELECT s.project, p.name, p.state = 'closed', s.state = 'dismissed' AND s.grace = 0,
       CASE WHEN c.admitted_at = s.admitted_at THEN c.level END, c.refreshed_at, s.readmitted_at
FROM standings s JOIN projects p ON p.id = s.project
LEFT JOIN cards c ON c.project = s.project AND c.labeler = s.labeler
WHERE s.labeler = %(labeler)s AND p.sandbox_of IS NULL ORDER BY s.admitted_at DESC, s.project LIMIT %(limit)s;

-- name: is_out
-- Whether a labeler was dismissed in a project, and has no answers left to give.
SELECT state = 'dismissed' AND grace = 0 FROM standings WHERE project = %(project)s AND labeler = %(labeler)s;

-- name: ask
-- A wish for another look; null if one waits already.
INSERT INTO looks (project, labeler, words, asked_at) VALUES (%(project)s, %(labeler)s, %(words)s, %(now)s)
ON CONFLICT (project, labeler) WHERE settled_at IS NULL DO NOTHING RETURNING id;

-- name: looks_of
-- What a labeler asked for, the latest first.
SELECT id, project, labeler, words, asked_at, settled_at, reply FROM looks
WHERE labeler = %(labeler)s ORDER BY asked_at DESC, id DESC LIMIT %(limit)s;

-- name: waiting
-- Wishes for another look that wait, the oldest first, from a place on.
SELECT k.id, k.project, p.name, k.labeler, l.name, k.words, k.asked_at
FROM looks k JOIN projects p ON p.id = k.project JOIN labelers l ON l.id = k.labeler
WHERE k.settled_at IS NULL AND (k.asked_at, k.id) > (%(asked_at)s, %(id)s) ORDER BY k.asked_at, k.id LIMIT %(limit)s;

-- name: settle
-- Somebody looked, and says what came of it.
UPDATE looks SET settled_at = %(now)s, settled_by = %(account)s, reply = %(reply)s
WHERE id = %(look)s AND settled_at IS NULL RETURNING project, labeler;

-- name: disputes_of
-- A labeler's own disputes, the latest first; those of a sandbox by the name of its original.
SELECT p.name, d.reason, d.made_at
FROM disputes d JOIN projects s ON s.id = d.project JOIN projects p ON p.id = coalesce(s.sandbox_of, s.id)
WHERE d.labeler = %(labeler)s ORDER BY d.made_at DESC LIMIT %(limit)s;
