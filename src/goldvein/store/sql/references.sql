-- name: latest_set
-- The set that is in force.
SELECT version, made_at, tasks FROM reference_sets WHERE project = %(project)s ORDER BY version DESC LIMIT 1;

-- name: insert_set
-- Another version of a set.
INSERT INTO reference_sets (project, version, made_at, tasks) VALUES (%(project)s, %(version)s, %(now)s, %(tasks)s);

-- name: end_items
-- Tasks that are in the set no longer, or under another key, from a version on.
UPDATE reference_items SET until = %(version)s
WHERE project = %(project)s AND task = ANY (%(tasks)s::bigint[]) AND until IS NULL;

-- name: insert_items
-- Tasks that are in the set from a version on.
INSERT INTO reference_items (project, task, since, key, unique_id)
SELECT %(project)s, task, %(version)s, key, unique_id
FROM unnest(%(tasks)s::bigint[], %(keys)s::smallint[], %(unique_ids)s::text[]) AS new (task, key, unique_id);

-- name: items
-- The tasks of one version of a set, with their content's identity, and the number of options where those stand in the task.
SELECT r.task, r.key, r.unique_id, t.content, jsonb_array_length(i.input -> 'options') FROM reference_items r
JOIN tasks t ON t.project = r.project AND t.id = r.task
JOIN task_inputs i ON i.project = r.project AND i.task = r.task
WHERE r.project = %(project)s AND r.since <= %(version)s AND coalesce(r.until > %(version)s, true) ORDER BY r.task;

-- name: inputs
-- The content of a few tasks.
SELECT task, input FROM task_inputs WHERE project = %(project)s AND task = ANY (%(tasks)s::bigint[]);

-- name: projects
-- Projects that may be checked, or of which a run is to be ended or reckoned.
SELECT p.id FROM projects p
WHERE (p.state IN ('open', 'paused') AND EXISTS (SELECT FROM reference_sets s WHERE s.project = p.id))
   OR EXISTS (SELECT FROM reference_runs r WHERE r.project = p.id AND r.report IS NULL)
ORDER BY p.id;

-- name: first_made
-- Since when a project has a set: its runs are counted from then on.
SELECT made_at FROM reference_sets WHERE project = %(project)s ORDER BY version LIMIT 1;

-- name: under_way
-- The run that is under way.
SELECT due, version, begun_at, ended_at, asked, report FROM reference_runs WHERE project = %(project)s AND ended_at IS NULL;

-- name: lock_under_way
-- The same, kept from other processes.
SELECT due, version, begun_at, ended_at, asked, report FROM reference_runs
WHERE project = %(project)s AND ended_at IS NULL FOR UPDATE;

-- name: unreported
-- Runs that ended and of which nothing was said yet, the oldest first.
SELECT due, version, begun_at, ended_at, asked, report FROM reference_runs
WHERE project = %(project)s AND ended_at IS NOT NULL AND report IS NULL ORDER BY due;

-- name: has_run
-- Whether the run of a day has begun.
SELECT EXISTS (SELECT FROM reference_runs WHERE project = %(project)s AND due = %(due)s);

-- name: runs
-- The latest runs up to a day, that day's included.
SELECT due, version, begun_at, ended_at, asked, report FROM reference_runs
WHERE project = %(project)s AND due <= %(due)s ORDER BY due DESC LIMIT %(limit)s;

-- name: begin_run
-- The run of a day, unless somebody was quicker, with that day's or with another that is under way.
INSERT INTO reference_runs (project, due, version, begun_at, asked)
VALUES (%(project)s, %(due)s, %(version)s, %(now)s, %(asked)s)
ON CONFLICT DO NOTHING RETURNING due;

-- name: end_run
-- A run is over.
UPDATE reference_runs SET ended_at = %(now)s WHERE project = %(project)s AND due = %(due)s;

-- name: save_report
-- What a run came to, unless somebody was quicker.
UPDATE reference_runs SET report = %(report)s WHERE project = %(project)s AND due = %(due)s AND report IS NULL;

-- name: close_left
-- What still waits of a project's runs waits no longer.
UPDATE attempts SET state = 'closed'
WHERE (project, id) IN (SELECT project, id FROM attempts WHERE project = %(project)s AND stage = 'reference' AND state = 'open'
                        FOR UPDATE SKIP LOCKED);

-- name: is_wanted
-- Whether anything of a run still waits, or is in somebody's hands.
SELECT EXISTS (SELECT FROM attempts WHERE project = %(project)s AND stage = 'reference' AND state = 'open')
    OR EXISTS (SELECT FROM attempts WHERE project = %(project)s AND stage = 'reference' AND state = 'leased');

-- name: collect
-- Answers to what was served since a run began, as the log has them.
INSERT INTO reference_answers (project, due, attempt, task, labeler, choice, counts, answered_at)
SELECT %(project)s, %(due)s, l.attempt, l.task, l.labeler, l.choice, l.decision = %(counts)s, l.at
FROM log l JOIN attempts a ON a.project = l.project AND a.id = l.attempt
WHERE l.project = %(project)s AND l.task = ANY (%(tasks)s::bigint[]) AND l.at >= %(begun_at)s
  AND l.kind = 'answer' AND l.stage = 'reference' AND a.shown_at >= %(begun_at)s
ON CONFLICT DO NOTHING;

-- name: count_answers
-- Answers of a run, tasks that have any, and tasks with one that counts.
SELECT count(*), count(DISTINCT task), count(DISTINCT task) FILTER (WHERE counts) FROM reference_answers
WHERE project = %(project)s AND due = %(due)s;

-- name: answers
-- The answers of the runs of some days, in the order in which they came.
SELECT due, task, labeler, choice, counts FROM reference_answers
WHERE project = %(project)s AND due BETWEEN %(first)s AND %(last)s ORDER BY due, answered_at, attempt;

-- name: benchmark_days
-- Answers on benchmarks, and right ones, by day (UTC).
SELECT (at AT TIME ZONE 'UTC')::date, sum(benchmark_answers)::integer, sum(benchmarks_right)::integer FROM figures
WHERE project = %(project)s AND span = 60 AND at >= %(since)s AND at < %(until)s GROUP BY 1 ORDER BY 1;
