-- name: ask
-- The contents of a closed project are to be erased.
WITH asked AS (UPDATE projects SET contents = 'erasing' WHERE id = %(project)s AND state = 'closed' AND contents = 'kept' RETURNING id)
INSERT INTO content_erasures (project, asked_at) SELECT id, %(now)s FROM asked;

-- name: old
-- Projects that were closed before a moment and have their contents still.
SELECT id FROM projects WHERE contents = 'kept' AND closed_at < %(before)s ORDER BY closed_at, id LIMIT %(limit)s;

-- name: under_way
-- Projects whose contents are being erased.
SELECT project FROM content_erasures WHERE ended_at IS NULL ORDER BY project;

-- name: sandboxes
-- The sandboxes of a project that have copies of its contents.
SELECT id FROM projects WHERE sandbox_of = %(project)s AND contents = 'kept' ORDER BY id;

-- name: take
-- One erasure that is under way, unless somebody else is at it; and whether what can be picked stands in the tasks.
SELECT e.asked_at, e.task, p.classes IS NULL FROM content_erasures e JOIN projects p ON p.id = e.project
WHERE e.project = %(project)s AND e.ended_at IS NULL FOR NO KEY UPDATE OF e SKIP LOCKED;

-- name: last_of
-- The last of the next tasks.
SELECT max(task) FROM (SELECT task FROM task_inputs WHERE project = %(project)s AND task > %(after)s ORDER BY task LIMIT %(limit)s) AS next_tasks;

-- name: blank_inputs
-- Tasks that say nothing: as many options as before, without a text, and how many characters there were (tasktypes.reading).
UPDATE task_inputs SET metadata = NULL,
    characters = (SELECT coalesce(sum(length(part #>> '{}')), 0) FROM jsonb_path_query(input, 'strict $.**') AS part
                  WHERE jsonb_typeof(part) = 'string'),
    input = CASE WHEN %(own)s THEN jsonb_build_object('options', (
        SELECT jsonb_agg(''::text) FROM jsonb_array_elements(input -> 'options'))) ELSE '{}'::jsonb END
WHERE project = %(project)s AND task > %(after)s AND task <= %(upto)s AND characters IS NULL;

-- name: blank_labels
-- Labels name the option by its place alone.
UPDATE labels l SET answer = l.answer || '{"value": ""}' FROM (
    SELECT id FROM labels WHERE project = %(project)s AND task > %(after)s AND task <= %(upto)s AND withdrawn_at IS NULL
    UNION ALL
    SELECT id FROM labels WHERE project = %(project)s AND task > %(after)s AND task <= %(upto)s AND withdrawn_at IS NOT NULL
) AS found
WHERE l.project = %(project)s AND l.id = found.id AND %(own)s AND l.answer ->> 'value' <> '';

-- name: blank_answers
-- What was said with answers; the answers themselves are places.
UPDATE answers n SET comment = NULL FROM attempts a
WHERE a.project = %(project)s AND a.task > %(after)s AND a.task <= %(upto)s AND n.project = a.project AND n.attempt = a.id
  AND n.comment IS NOT NULL;

-- name: blank_benchmarks
-- Why a key is right, and the responses that came with it.
UPDATE benchmarks SET explanation = NULL, expected_response = NULL, initial_response = NULL
WHERE project = %(project)s AND task > %(after)s AND task <= %(upto)s
  AND (explanation IS NOT NULL OR expected_response IS NOT NULL OR initial_response IS NOT NULL);

-- name: blank_disputes
-- Words of disputes; that something was said stays.
UPDATE disputes SET reason = '' WHERE project = %(project)s AND task > %(after)s AND task <= %(upto)s AND reason <> '';

-- name: blank_log
-- The words that the log has of skips, disputes, practice and audits: no proof reads them.
UPDATE log l SET detail = nullif(l.detail - ARRAY['reason', 'comment'], '{}')
WHERE l.project = %(project)s AND l.task > %(after)s AND l.task <= %(upto)s AND l.n IS NULL
  AND l.kind IN ('skip', 'dispute', 'practice', 'audit') AND l.detail ?| ARRAY['reason', 'comment'];

-- name: reached
-- What was said in and of tasks up to this one is gone for good.
UPDATE content_erasures SET task = %(task)s WHERE project = %(project)s;

-- name: end
-- Nothing is left.
WITH ended AS (UPDATE content_erasures SET ended_at = %(now)s WHERE project = %(project)s AND ended_at IS NULL RETURNING project)
UPDATE projects SET contents = 'erased' FROM ended WHERE id = ended.project;
