-- name: begin_beside
-- Tasks that have just got their label go on to the panel, unless they were candidates before.
INSERT INTO benchmarks (project, task, state, basis, revision, created_at)
SELECT %(project)s, task, 'candidate', 'panel', 0, %(now)s FROM unnest(%(tasks)s::bigint[]) AS new (task)
ON CONFLICT (project, task) DO NOTHING
RETURNING task;

-- name: panel_here
-- How many of the panel were seen after a moment; who is new is expected.
SELECT count(*) FROM panel_members m JOIN labelers l ON l.id = m.labeler
WHERE m.project = %(project)s AND coalesce(l.seen_at, l.created_at) > %(since)s;

-- name: panel_left
-- For some contents, how many of the panel seen after a moment have not had it, counted up to a bound.
WITH here AS MATERIALIZED (
    SELECT m.labeler FROM panel_members m JOIN labelers l ON l.id = m.labeler
    WHERE m.project = %(project)s AND coalesce(l.seen_at, l.created_at) > %(since)s
)
SELECT wanted.content, (
    SELECT count(*) FROM (
        SELECT FROM here WHERE NOT EXISTS (
            SELECT FROM attempts a WHERE a.project = %(project)s AND a.content = wanted.content AND a.labeler = here.labeler)
        LIMIT %(bound)s) AS free)
FROM unnest(%(contents)s::bigint[]) AS wanted (content);

-- name: waiting_in_vain
-- Candidates' open attempts that nobody of the panel seen after a moment could take. Those that everybody answers at a
-- project's start wait for each other.
WITH here AS MATERIALIZED (
    SELECT m.labeler FROM panel_members m JOIN labelers l ON l.id = m.labeler
    WHERE m.project = %(project)s AND coalesce(l.seen_at, l.created_at) > %(since)s
)
SELECT a.project, a.id FROM attempts a
WHERE a.project = %(project)s AND a.stage = 'panel' AND a.state = 'open'
  AND NOT EXISTS (SELECT FROM here WHERE NOT EXISTS (
      SELECT FROM attempts seen
      WHERE seen.project = a.project AND seen.content = a.content AND seen.labeler = here.labeler))
  AND NOT EXISTS (SELECT FROM benchmarks b WHERE b.project = a.project AND b.task = a.task
                  AND b.state = 'candidate' AND b.basis = 'bootstrap')
LIMIT %(limit)s;

-- name: panels
-- Who has answered some candidates so far.
SELECT task, labeler FROM attempts
WHERE project = %(project)s AND task = ANY (%(tasks)s::bigint[]) AND state = 'answered' AND stage IN ('panel', 'label');

-- name: latest_panels
-- Who has answered the candidates that were begun last.
WITH latest AS MATERIALIZED (
    SELECT task FROM benchmarks WHERE project = %(project)s ORDER BY created_at DESC LIMIT %(limit)s
)
SELECT a.task, a.labeler FROM latest
JOIN attempts a ON a.project = %(project)s AND a.task = latest.task AND a.stage = 'panel' AND a.state = 'answered';

-- name: settled
-- Candidates begun last of which the panel made a benchmark, or not for one of these reasons.
SELECT task, promoted_at IS NOT NULL FROM (
    SELECT * FROM benchmarks WHERE project = %(project)s ORDER BY created_at DESC LIMIT %(limit)s) AS latest
WHERE basis = 'panel' AND (promoted_at IS NOT NULL OR (state = 'retired' AND reason = ANY (%(reasons)s::text[])));

-- name: pace
-- Benchmarks that the panel made since a moment; when its first candidate was begun; and servings of all benchmarks so far.
SELECT (SELECT count(*) FROM benchmarks b
        WHERE b.project = %(project)s AND b.promoted_at > %(since)s AND b.basis = 'panel'),
       (SELECT min(b.created_at) FROM benchmarks b WHERE b.project = %(project)s AND b.basis = 'panel'),
       (SELECT coalesce(sum(b.exposures), 0) FROM benchmarks b WHERE b.project = %(project)s);

-- name: people_here
-- How many who were let in have been seen after a moment.
SELECT count(*) FROM standings s JOIN labelers l ON l.id = s.labeler
WHERE s.project = %(project)s AND s.state <> 'dismissed' AND l.seen_at > %(since)s;

-- name: wear
-- Servings and age in seconds of each active benchmark.
SELECT exposures, extract(epoch FROM %(now)s - coalesce(promoted_at, created_at))::float8 FROM benchmarks
WHERE project = %(project)s AND state = 'active';

-- name: get_plan
-- What mining is to do, as last reckoned.
SELECT made_at, plan FROM plans WHERE project = %(project)s;

-- name: save_plan
-- What mining is to do from now on, unless another process has just said so.
INSERT INTO plans (project, made_at, plan) VALUES (%(project)s, %(now)s, %(plan)s)
ON CONFLICT (project) DO UPDATE SET made_at = excluded.made_at, plan = excluded.plan WHERE plans.made_at < excluded.made_at;
