-- name: insert_many
-- Labels of one group, each naming the last label of its task that was taken back, if any; a task that has a current label
-- already fails the whole statement.
INSERT INTO labels (project, task, attempt, answer, basis, labeler, confidence, p_benchmarks, p_all, benchmarks,
                    standing_state, policy_version, answered_at, delivered_at, replaces)
SELECT project, task, attempt, answer, basis, labeler, confidence, p_benchmarks, p_all, benchmarks,
       standing_state, policy_version, answered_at, delivered_at,
       (SELECT max(w.id) FROM labels w WHERE w.project = new.project AND w.task = new.task AND w.withdrawn_at IS NOT NULL)
FROM unnest(%(projects)s::integer[], %(tasks)s::bigint[], %(attempts)s::bigint[], %(answers)s::jsonb[],
            %(bases)s::text[], %(labelers)s::integer[], %(confidences)s::float8[], %(p_benchmarks)s::float8[],
            %(p_alls)s::float8[], %(benchmarks)s::integer[], %(standing_states)s::text[],
            %(policy_versions)s::integer[], %(answered_ats)s::timestamptz[], %(delivered_ats)s::timestamptz[])
     WITH ORDINALITY AS new (project, task, attempt, answer, basis, labeler, confidence, p_benchmarks, p_all,
                             benchmarks, standing_state, policy_version, answered_at, delivered_at, place)
ORDER BY place
RETURNING project, task, id;

-- name: withdraw
-- Take labels back; those that were withdrawn before stay as they are and are not returned.
UPDATE labels SET withdrawn_at = %(now)s
FROM unnest(%(projects)s::integer[], %(ids)s::bigint[]) AS taken (project, id)
WHERE labels.project = taken.project AND labels.id = taken.id AND labels.withdrawn_at IS NULL
RETURNING labels.project, labels.task, labels.id;

-- name: current_of_task
-- The current label of one task.
SELECT id, (answer ->> 'choice')::integer, attempt, labeler FROM labels
WHERE project = %(project)s AND task = %(task)s AND withdrawn_at IS NULL;

-- name: current_of_attempts
-- The current labels that came out of some attempts, with when they were delivered; without those that are keys of benchmarks in
-- use: others have said the same.
SELECT l.id, l.task, l.attempt, l.delivered_at
FROM unnest(%(tasks)s::bigint[], %(attempts)s::bigint[]) AS given (task, attempt)
JOIN labels l ON l.project = %(project)s AND l.task = given.task AND l.attempt = given.attempt AND l.withdrawn_at IS NULL
WHERE NOT EXISTS (SELECT FROM benchmarks b WHERE b.project = l.project AND b.task = l.task AND b.state = 'active')
ORDER BY l.id;

-- name: current_for_tasks
-- The current labels of some tasks of one project.
SELECT l.id, l.task, t.unique_id, l.answer, l.basis, l.labeler, l.confidence, l.p_benchmarks, l.p_all, l.benchmarks,
       l.standing_state, l.policy_version, l.answered_at, l.delivered_at, l.replaces, l.withdrawn_at,
       (SELECT lease_key FROM instance)
FROM labels l
JOIN tasks t ON t.project = l.project AND t.id = l.task
WHERE l.project = %(project)s AND l.task = ANY (%(tasks)s::bigint[]) AND l.withdrawn_at IS NULL;
