-- name: unsettled
-- Benchmarks whose past answers count otherwise by now, and of which it is still to be found out who has met them.
SELECT task, revision FROM benchmarks WHERE project = %(project)s AND recount ORDER BY task;

-- name: ask
-- Everybody who was ever served one of these benchmarks; asked for again, somebody stays on the list once more.
INSERT INTO rescorings (project, labeler, asked_at)
SELECT %(project)s, a.labeler, %(now)s FROM attempts a
WHERE a.project = %(project)s AND a.task = ANY (%(tasks)s::bigint[]) AND a.stage = 'benchmark' AND a.labeler IS NOT NULL
GROUP BY a.labeler ORDER BY a.labeler
ON CONFLICT (project, labeler) DO UPDATE SET asks = rescorings.asks + 1;

-- name: settled
-- Those that did not change again meanwhile are settled.
UPDATE benchmarks SET recount = false
FROM unnest(%(tasks)s::bigint[], %(revisions)s::bigint[]) AS known (task, revision)
WHERE benchmarks.project = %(project)s AND benchmarks.task = known.task AND benchmarks.revision = known.revision;

-- name: waiting
-- Standings to be computed anew, those first that have waited longest.
SELECT r.labeler, r.asks, coalesce(s.n, 0) FROM rescorings r
LEFT JOIN standings s ON s.project = r.project AND s.labeler = r.labeler
WHERE r.project = %(project)s ORDER BY r.asked_at, r.labeler LIMIT %(limit)s;

-- name: labelers
-- All labelers whose standings are to be computed anew.
SELECT labeler FROM rescorings WHERE project = %(project)s;

-- name: take
-- True for the one process that may rescore this standing now, until its transaction ends.
SELECT pg_try_advisory_xact_lock(hashtextextended('goldvein rescoring', %(project)s::bigint << 32 | %(labeler)s));

-- name: waits
-- Whether a standing is still on the list.
SELECT FROM rescorings WHERE project = %(project)s AND labeler = %(labeler)s;

-- name: done
-- Standings that were looked at go off the list, but for those asked for again since.
DELETE FROM rescorings
WHERE project = %(project)s
  AND (labeler, asks) IN (SELECT * FROM unnest(%(labelers)s::integer[], %(asks)s::integer[]));
