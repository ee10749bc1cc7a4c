-- name: latest
-- The tasks that went to the panel last, with the number of their options; null where the project's classes stand for them.
SELECT b.task, (SELECT jsonb_array_length(i.input -> 'options') FROM task_inputs i
                WHERE i.project = b.project AND i.task = b.task)
FROM benchmarks b
WHERE b.project = %(project)s AND b.basis = 'panel'
ORDER BY b.task DESC LIMIT %(limit)s;
