-- name: begin_beside
-- Tasks that have just got their label go on to the panel, unless they were candidates before.
INSERT INTO benchmarks (project, task, state, basis, revision, created_at)
SELECT %(project)s, task, 'candidate', 'panel', 0, %(now)s FROM unnest(%(tasks)s::bigint[]) AS new (task)
ON CONFLICT (project, task) DO NOTHING
RETURNING task;
