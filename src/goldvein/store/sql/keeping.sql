-- name: due
-- Active benchmarks that were served often enough since they were looked at, or have had their day; the longest waiting first.
SELECT b.task, b.exposures, coalesce(b.promoted_at, b.created_at) AS since, b.item_version, b.counts_as, b.basis
FROM benchmarks b
WHERE b.project = %(project)s AND b.state = 'active'
  AND (b.exposures - b.looked_at >= greatest(%(grown_by)s, %(grown_share)s::float8 * b.looked_at)
       OR b.exposures >= %(budget)s OR coalesce(b.promoted_at, b.created_at) <= %(too_old)s)
ORDER BY b.exposures - b.looked_at DESC, b.task
LIMIT %(limit)s;

-- name: answers
-- The crowd's answers to some benchmarks, each task's in the order given.
SELECT task, labeler, choice, shown, coalesce(exposures, 0), item_version, at, attempt FROM log
WHERE project = %(project)s AND task = ANY (%(tasks)s::bigint[]) AND kind = 'answer' AND stage = 'benchmark'
ORDER BY task, at, id;

-- name: settled
-- The last time that somebody settled the key of each of some benchmarks by hand, and the item version made of it. One given
-- by hand begins with the first version, whatever a panel said of the task before.
SELECT DISTINCT ON (task) task, at, coalesce(item_version, 1) FROM log
WHERE project = %(project)s AND task = ANY (%(tasks)s::bigint[])
  AND (kind = 'thaw' OR (kind = 'promote' AND decision = 'manual') OR (kind = 'key' AND detail ->> 'basis' <> 'panel'))
ORDER BY task, at DESC, id DESC;

-- name: first_versions
-- What was known of some benchmarks before the crowd answered them.
SELECT DISTINCT ON (task) task, key_probabilities, difficulty FROM item_versions
WHERE project = %(project)s AND task = ANY (%(tasks)s::bigint[]) AND NOT struck ORDER BY task, version;

-- name: some_versions
-- What some item versions know.
SELECT task, version, key_probabilities, difficulty FROM item_versions
WHERE project = %(project)s
  AND (task, version) IN (SELECT * FROM unnest(%(tasks)s::bigint[], %(versions)s::integer[]));

-- name: posteriors
-- Where some labelers stand now; nothing is locked.
SELECT labeler, model_version, posterior FROM standings
WHERE project = %(project)s AND labeler = ANY (%(labelers)s::integer[]);

-- name: lock
-- Some benchmarks, locked in key order, before `looked` writes them in whatever order it finds them.
SELECT task FROM benchmarks WHERE project = %(project)s AND task = ANY (%(tasks)s::bigint[]) ORDER BY task FOR UPDATE;

-- name: looked
-- Benchmarks that were looked at, by so many servings, with the answers counted. A join with the arrays may read all benchmarks
-- for a few.
UPDATE benchmarks SET looked_at = (%(exposures)s::integer[])[array_position(%(tasks)s::bigint[], task)],
    choices = string_to_array((%(choices)s::text[])[array_position(%(tasks)s::bigint[], task)], ',')::integer[]
WHERE project = %(project)s AND task = ANY (%(tasks)s::bigint[]);

-- name: ages
-- When the task of each active benchmark was pushed, how often it was served, and how it was made.
SELECT b.task, t.created_at, b.exposures, b.basis FROM benchmarks b
JOIN tasks t ON t.project = b.project AND t.id = b.task
WHERE b.project = %(project)s AND b.state = 'active' ORDER BY b.task;

-- name: latest_tasks
-- The latest tasks that the customer pushed.
SELECT id, created_at FROM tasks WHERE project = %(project)s AND state NOT IN ('benchmark', 'reference') ORDER BY id DESC LIMIT %(limit)s;
