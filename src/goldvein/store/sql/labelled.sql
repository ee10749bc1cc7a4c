-- name: after
-- The next labels of a project by id, withdrawn ones among them.
SELECT task, id FROM labels WHERE project = %(project)s AND id > %(label)s ORDER BY project, id LIMIT %(count)s;

-- name: before
-- The same backwards.
SELECT task, id FROM labels WHERE project = %(project)s AND id < %(label)s ORDER BY project DESC, id DESC LIMIT %(count)s;

-- name: withdrawn_after
-- The next labels that were taken back, by their tasks.
SELECT task, id FROM labels
WHERE project = %(project)s AND withdrawn_at IS NOT NULL AND (task, id) > (%(task)s, %(label)s)
ORDER BY project, task, id LIMIT %(count)s;

-- name: withdrawn_before
-- The same backwards.
SELECT task, id FROM labels
WHERE project = %(project)s AND withdrawn_at IS NOT NULL AND (task, id) < (%(task)s, %(label)s)
ORDER BY project DESC, task DESC, id DESC LIMIT %(count)s;

-- name: of_batch_after
-- The next tasks of a batch with all their labels; no label where a task has none, so that whoever reads on knows how far
-- it was looked. A task's labels that come before the place are left out.
SELECT t.id, l.id
FROM (SELECT project, id FROM tasks WHERE project = %(project)s AND batch = %(batch)s AND id >= %(task)s
      ORDER BY project, batch, id LIMIT %(count)s) AS t
LEFT JOIN LATERAL (
    SELECT id FROM labels WHERE project = t.project AND task = t.id AND withdrawn_at IS NULL
    UNION ALL
    SELECT id FROM labels WHERE project = t.project AND task = t.id AND withdrawn_at IS NOT NULL) AS l ON true
WHERE (t.id, coalesce(l.id, 0)) > (%(task)s, %(label)s)
ORDER BY t.id, l.id;

-- name: of_batch_before
-- The same backwards.
SELECT t.id, l.id
FROM (SELECT project, id FROM tasks WHERE project = %(project)s AND batch = %(batch)s AND id <= %(task)s
      ORDER BY project DESC, batch DESC, id DESC LIMIT %(count)s) AS t
LEFT JOIN LATERAL (
    SELECT id FROM labels WHERE project = t.project AND task = t.id AND withdrawn_at IS NULL
    UNION ALL
    SELECT id FROM labels WHERE project = t.project AND task = t.id AND withdrawn_at IS NOT NULL) AS l ON true
WHERE (t.id, coalesce(l.id, 0)) < (%(task)s, %(label)s)
ORDER BY t.id DESC, l.id DESC;

-- name: wanted
-- Those of some labels to which all of a filter applies, with their tasks; the content only where it is asked for, since it is
-- most of what there is to read. What one labeler's standing was is asked of labels that rest on one.
SELECT l.id, l.task, t.unique_id, l.answer, l.basis, l.labeler, l.confidence, l.p_benchmarks, l.p_all, l.benchmarks,
       l.standing_state, l.policy_version, l.answered_at, l.delivered_at, l.replaces, l.withdrawn_at,
       (SELECT lease_key FROM instance), t.created_at, b.name,
       CASE WHEN %(content)s THEN i.input END, CASE WHEN %(content)s THEN i.metadata END
FROM labels l
JOIN tasks t ON t.project = l.project AND t.id = l.task
LEFT JOIN task_inputs i ON i.project = l.project AND i.task = l.task
LEFT JOIN batches b ON b.project = t.project AND b.id = t.batch
WHERE l.project = %(project)s AND l.id = ANY (%(labels)s::bigint[])
  AND (%(state)s::text = 'all' OR (l.withdrawn_at IS NULL) = (%(state)s = 'current'))
  AND (%(basis)s::text IS NULL OR l.basis = %(basis)s)
  AND (%(choice)s::integer IS NULL OR (l.answer ->> 'choice')::integer = %(choice)s)
  AND (%(since)s::timestamptz IS NULL OR l.delivered_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR l.delivered_at < %(until)s)
  AND (%(confidence)s::float8 IS NULL OR l.confidence >= %(confidence)s)
  AND (%(p)s::float8 IS NULL OR l.p_benchmarks IS NULL OR least(l.p_benchmarks, l.p_all) >= %(p)s);

-- name: task_of
-- The task of a label.
SELECT task FROM labels WHERE project = %(project)s AND id = %(label)s;

-- name: of_task
-- All labels that a task ever had, oldest first.
SELECT id FROM labels WHERE project = %(project)s AND task = %(task)s AND withdrawn_at IS NULL
UNION ALL
SELECT id FROM labels WHERE project = %(project)s AND task = %(task)s AND withdrawn_at IS NOT NULL
ORDER BY id;
