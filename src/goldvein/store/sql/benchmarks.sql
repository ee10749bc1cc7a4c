-- name: insert_candidates
-- Tasks that the panel starts to answer.
INSERT INTO benchmarks (project, task, state, basis, revision, created_at)
SELECT project, task, 'candidate', 'panel', 0, %(now)s
FROM unnest(%(projects)s::integer[], %(tasks)s::bigint[]) AS new (project, task)
ON CONFLICT (project, task) DO UPDATE SET state = 'candidate', reason = NULL;

-- name: lock_state
-- One candidate or benchmark, against two settlements at once.
SELECT state FROM benchmarks WHERE project = %(project)s AND task = %(task)s FOR UPDATE;

-- name: state_of
-- Where one candidate or benchmark stands.
SELECT state FROM benchmarks WHERE project = %(project)s AND task = %(task)s;

-- name: promote
-- candidate -> active.
UPDATE benchmarks SET state = 'active', ordinal = %(ordinal)s, item_version = %(item_version)s, revision = %(revision)s,
    promoted_at = %(now)s
WHERE project = %(project)s AND task = %(task)s;

-- name: lock_life
-- Where one candidate or benchmark stands, against two changes at once.
SELECT state, item_version, counts_as, counted_as FROM benchmarks WHERE project = %(project)s AND task = %(task)s FOR UPDATE;

-- name: change_life
-- Where a benchmark stands from now on; a recount that is still to be done stays to be done.
UPDATE benchmarks SET state = %(state)s, item_version = %(item_version)s, counts_as = %(counts_as)s,
    counted_as = %(counted_as)s, reason = %(reason)s, ended_at = %(ended_at)s, revision = %(revision)s,
    recount = recount OR %(recount)s
WHERE project = %(project)s AND task = %(task)s;

-- name: end
-- candidate | active | frozen -> retired, with the reason kept, locked in key order.
UPDATE benchmarks SET state = 'retired', reason = %(reason)s, ended_at = %(now)s, revision = %(revision)s
FROM (SELECT task FROM benchmarks
      WHERE project = %(project)s AND task = ANY (%(tasks)s::bigint[]) AND state <> 'retired' ORDER BY task FOR UPDATE) AS living
WHERE benchmarks.project = %(project)s AND benchmarks.task = living.task
RETURNING benchmarks.task;

-- name: living
-- Those of some tasks that are candidates or benchmarks not retired yet.
SELECT task FROM benchmarks WHERE project = %(project)s AND task = ANY (%(tasks)s::bigint[]) AND state <> 'retired';

-- name: ended
-- Why and when a benchmark was frozen or retired.
SELECT reason, ended_at FROM benchmarks WHERE project = %(project)s AND task = %(task)s;

-- name: item_version
-- One item version.
SELECT task, version, key, key_right, key_probabilities, difficulty, model_version, likelihoods, wrong, struck
FROM item_versions WHERE project = %(project)s AND task = %(task)s AND version = %(version)s;

-- name: set_flag
-- Into the auditor's queue, or out of it.
UPDATE benchmarks SET flag = %(why)s::text, flagged_at = CASE WHEN %(why)s::text IS NULL THEN NULL ELSE %(now)s::timestamptz END
WHERE project = %(project)s AND task = %(task)s AND flag IS DISTINCT FROM %(why)s::text;

-- name: retire
-- Any state -> retired, with the reason kept.
UPDATE benchmarks SET state = 'retired', reason = %(reason)s, revision = %(revision)s,
    ended_at = coalesce(%(now)s::timestamptz, ended_at)
WHERE project = %(project)s AND task = ANY (%(tasks)s);

-- name: set_item_version
-- The item version that servings use from now on.
UPDATE benchmarks SET item_version = %(version)s, revision = %(revision)s WHERE project = %(project)s AND task = %(task)s;

-- name: insert_item_version
-- What is known of a benchmark; versions are never changed.
INSERT INTO item_versions (project, task, version, key, key_right, key_probabilities, difficulty, wrong, model_version,
                           likelihoods, struck, made_at)
VALUES (%(project)s, %(task)s, %(version)s, %(key)s, %(key_right)s, %(key_probabilities)s, %(difficulty)s, %(wrong)s,
        %(model_version)s, %(likelihoods)s, %(struck)s, %(now)s);

-- name: insert_item_versions
-- What is known of many benchmarks; versions are never changed.
INSERT INTO item_versions (project, task, version, key, key_right, key_probabilities, difficulty, wrong, model_version,
                           likelihoods, made_at)
SELECT %(project)s, task, version, key, key_right, string_to_array(key_probabilities, ',')::float8[],
       string_to_array(difficulty, ',')::float8[], string_to_array(wrong, ',')::float8[], model_version, likelihoods, %(now)s
FROM unnest(%(tasks)s::bigint[], %(versions)s::integer[], %(keys)s::smallint[], %(keys_right)s::float8[],
            %(key_probabilities)s::text[], %(difficulties)s::text[], %(wrongs)s::text[], %(model_versions)s::integer[],
            %(likelihoods)s::bytea[])
     AS new (task, version, key, key_right, key_probabilities, difficulty, wrong, model_version, likelihoods);

-- name: set_item_versions
-- The item versions that servings of many benchmarks use from now on, locked in key order; those of which something else is
-- known by now are left as they are.
UPDATE benchmarks SET item_version = new.version, revision = %(revision)s
FROM (SELECT b.task, n.version FROM unnest(%(tasks)s::bigint[], %(versions)s::integer[]) AS n (task, version)
      JOIN benchmarks b ON b.project = %(project)s AND b.task = n.task AND b.item_version = n.version - 1 ORDER BY b.task FOR UPDATE OF b) AS new
WHERE benchmarks.project = %(project)s AND benchmarks.task = new.task;

-- name: changed_since
-- Benchmarks that changed after a revision, with the item version in force. The content is looked up row by row: a join
-- may read all tasks of a large project for two benchmarks.
SELECT b.task, b.state, b.ordinal, b.exposures, v.version, v.key, v.key_right, v.key_probabilities, v.difficulty,
       v.model_version, v.likelihoods, v.wrong, v.struck, (SELECT t.content FROM tasks t WHERE t.project = b.project AND t.id = b.task), b.basis
FROM benchmarks b
JOIN item_versions v ON v.project = b.project AND v.task = b.task AND v.version = b.item_version
WHERE b.project = %(project)s AND b.revision > %(revision)s
ORDER BY b.ordinal;

-- name: likelihoods
-- Some item versions, for replay of the log; of those that are struck out no likelihoods.
SELECT task, version, model_version, CASE WHEN NOT struck THEN likelihoods END FROM item_versions
WHERE project = %(project)s AND likelihoods IS NOT NULL
  AND (task, version) IN (SELECT * FROM unnest(%(tasks)s::bigint[], %(versions)s::integer[]));

-- name: count_exposures
-- Servings of benchmarks, counted where they happen, locked in key order: a join alone follows the table in small projects.
UPDATE benchmarks SET exposures = exposures + served.count
FROM (SELECT b.project, b.task, s.count
      FROM unnest(%(projects)s::integer[], %(tasks)s::bigint[], %(counts)s::integer[]) AS s (project, task, count)
      JOIN benchmarks b ON b.project = s.project AND b.task = s.task
      ORDER BY b.project, b.task FOR UPDATE OF b) AS served
WHERE benchmarks.project = served.project AND benchmarks.task = served.task;

-- name: exposures
-- How often each active benchmark was served.
SELECT task, exposures FROM benchmarks WHERE project = %(project)s AND state = 'active';

-- name: count_by_state
-- The benchmarks of a project by state.
SELECT state, count(*) FROM benchmarks WHERE project = %(project)s GROUP BY state;

-- name: count_candidates
-- Candidates under way, counted up to a bound.
SELECT count(*) FROM (SELECT FROM benchmarks WHERE project = %(project)s AND state = 'candidate' LIMIT %(bound)s) AS head;

-- name: panel_choices
-- What the panel has said of some candidates and of benchmarks made of them, in the order of its answers. Where mining began
-- with a label that a labeler had just given, that answer is the first. What everybody said at a project's start is no panel's
-- word. The attempts are found first, whatever the planner thinks of the number of answers.
WITH asked AS MATERIALIZED (
    SELECT id FROM attempts
    WHERE project = %(project)s AND task = ANY (%(tasks)s) AND stage = 'panel' AND state = 'answered'
      AND NOT EXISTS (SELECT FROM benchmarks b WHERE b.project = attempts.project AND b.task = attempts.task
                      AND b.basis = 'bootstrap')
    UNION ALL
    SELECT l.attempt FROM labels l JOIN benchmarks b ON b.project = l.project AND b.task = l.task
    WHERE l.project = %(project)s AND l.task = ANY (%(tasks)s) AND l.withdrawn_at IS NULL AND l.basis = 'labeler'
      AND (b.state = 'candidate' OR b.promoted_at IS NOT NULL)
)
SELECT n.task, n.labeler, n.choice, n.received_at FROM asked
JOIN answers n ON n.project = %(project)s AND n.attempt = asked.id
ORDER BY n.attempt;

-- name: ordinals_seen
-- The active benchmarks whose content a labeler has had in other work.
WITH known AS MATERIALIZED (
    SELECT b.ordinal, (SELECT t.content FROM tasks t WHERE t.project = b.project AND t.id = b.task) AS content
    FROM benchmarks b WHERE b.project = %(project)s AND b.state = 'active'
)
SELECT known.ordinal FROM known
JOIN attempts a ON a.project = %(project)s AND a.content = known.content AND a.labeler = %(labeler)s;
