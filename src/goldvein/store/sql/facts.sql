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

-- name: servings
-- Everything that labelers were handed, in the order shown, with the draw behind it and what became of it.
SELECT a.id, a.task, a.labeler, a.stage, a.state, a.shown_at, a.shown, a.rate, a.draw, a.exposures, t.created_at
FROM attempts a JOIN tasks t ON t.project = a.project AND t.id = a.task
WHERE a.project = %(project)s AND a.labeler IS NOT NULL AND a.shown_at IS NOT NULL
ORDER BY a.shown_at, a.id;

-- name: inputs
-- The content of a project's tasks.
SELECT task, input FROM task_inputs WHERE project = %(project)s ORDER BY task;

-- name: seen_twice
-- Labelers who were handed equal content more than once, whatever the order of its options, practice aside: in a project or
-- its sandboxes.
SELECT a.labeler, min(a.task), count(*)
FROM attempts a JOIN task_inputs i ON i.project = a.project AND i.task = a.task JOIN projects p ON p.id = a.project
WHERE a.labeler IS NOT NULL AND a.shown_at IS NOT NULL AND a.stage <> 'practice'
GROUP BY coalesce(p.sandbox_of, p.id), a.labeler, i.input - 'options',
         (SELECT array_agg(option ORDER BY option) FROM jsonb_array_elements_text(i.input -> 'options') option)
HAVING count(*) > 1
ORDER BY a.labeler;
