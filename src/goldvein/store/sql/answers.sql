-- name: insert_many
-- What labelers submitted; a second answer of one attempt breaks the key.
INSERT INTO answers (project, attempt, task, labeler, answer, choice, shown_at, received_at, focus_ms, comment)
SELECT project, attempt, task, labeler, answer, choice, shown_at, %(now)s, focus_ms, comment
FROM unnest(%(projects)s::integer[], %(attempts)s::bigint[], %(tasks)s::bigint[], %(labelers)s::integer[], %(answers)s::jsonb[],
            %(choices)s::smallint[], %(shown)s::timestamptz[], %(focus)s::integer[], %(comments)s::text[])
     AS new (project, attempt, task, labeler, answer, choice, shown_at, focus_ms, comment);

-- name: by_attempts
-- Stored answers of some attempts.
SELECT project, attempt, task, labeler, choice, received_at FROM answers
WHERE (project, attempt) IN (SELECT * FROM unnest(%(projects)s::integer[], %(attempts)s::bigint[]));
