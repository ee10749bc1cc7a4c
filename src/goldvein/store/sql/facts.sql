-- name: answers
-- Every stored answer of a project, in the order received, with the stage and the end of its attempt.
SELECT a.attempt, a.task, a.labeler, t.stage, t.state, a.choice, a.received_at
FROM answers a JOIN attempts t ON t.project = a.project AND t.id = a.attempt
WHERE a.project = %(project)s
ORDER BY a.received_at, a.attempt;

-- name: labels
-- Every label of a project, withdrawn ones included, with the push of its task.
SELECT l.id, l.task, l.basis, l.labeler, (l.answer ->> 'choice')::integer, t.created_at, l.answered_at, l.delivered_at,
       l.withdrawn_at
FROM labels l JOIN tasks t ON t.project = l.project AND t.id = l.task
WHERE l.project = %(project)s
ORDER BY l.id;

-- name: keys
-- Benchmarks and candidates of a project with the key in force, null for a candidate.
SELECT b.task, b.state, b.basis, i.key, i.key_right, b.exposures, i.difficulty
FROM benchmarks b
LEFT JOIN item_versions i ON i.project = b.project AND i.task = b.task AND i.version = b.item_version
WHERE b.project = %(project)s
ORDER BY b.task;

-- name: task_names
-- The customer's names of a project's tasks.
SELECT id, unique_id, state FROM tasks WHERE project = %(project)s ORDER BY id;

-- name: holds
-- The answers that are held now.
SELECT attempt, task, labeler FROM holds WHERE project = %(project)s ORDER BY attempt;

-- name: had_by
-- Who has had the content of these tasks in hand, as (labeler, task).
SELECT DISTINCT a.labeler, t.id
FROM tasks t JOIN attempts a ON a.project = t.project AND a.content = t.content AND a.labeler IS NOT NULL
WHERE t.project = %(project)s AND t.id = ANY (%(tasks)s::bigint[]);
