-- name: last_given_out
-- The last id of the log that was given out, committed or not.
SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('log', 'id')::regclass), 0);

-- name: writers
-- The transactions that may be writing to the log: whoever does holds this lock from before it takes an id until it ends.
SELECT DISTINCT virtualtransaction FROM pg_locks
WHERE relation = 'log'::regclass AND mode = 'RowExclusiveLock'
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database());

-- name: any_writing
-- Whether any of some transactions is still under way.
SELECT EXISTS (SELECT FROM pg_locks WHERE virtualtransaction = ANY (%(transactions)s::text[]));

-- name: take
-- Up to where a rollup has read, if nobody else is at it.
SELECT upto FROM rollups WHERE name = %(name)s FOR UPDATE SKIP LOCKED;

-- name: move
-- The rollup has read up to here.
UPDATE rollups SET upto = %(upto)s WHERE name = %(name)s;

-- name: by_index
-- Whatever the statistics say, a few new rows of the log are found by its index.
SET LOCAL enable_seqscan = off;

-- name: patience
-- Rather leave it for the next time than make a vacuum of the log give way.
SET LOCAL lock_timeout = '100ms';

-- name: summarize
-- Note in the log's index where new rows lie: until somebody does, whoever looks for one reads all of them.
SELECT sum(brin_summarize_new_values(inhrelid)) FROM pg_inherits WHERE inhparent = 'log_order'::regclass;

-- name: roll
-- Add what some rows of the log tell to the sums of their minutes, ten minutes and hours. A key is read in the version that
-- was served, and when a task was pushed never changes: the sums are the same whenever they are made. Both are looked up one by
-- one, however many new rows the planner expects: the limits keep it from reading all tasks.
WITH new AS MATERIALIZED (
    SELECT g.*, g.kind = 'answer' AND g.stage = 'benchmark' AND g.choice = i.key AS is_right,
           CASE WHEN g.kind = 'release' OR g.decision = 'deliver' OR p.task IS NOT NULL
                THEN extract(epoch FROM g.at - t.created_at)::float8 END AS label_seconds,
           extract(epoch FROM t.deadline - t.created_at)::float8 AS due_seconds,
           CASE WHEN g.kind = 'expire' THEN extract(epoch FROM g.at - t.created_at)::float8 END AS expired_seconds
    FROM log g
    LEFT JOIN LATERAL (
        SELECT v.key FROM item_versions v WHERE g.kind = 'answer' AND g.stage = 'benchmark'
          AND v.project = g.project AND v.task = g.task AND v.version = g.item_version LIMIT 1) i ON true
    LEFT JOIN LATERAL (
        SELECT p.created_at, p.deadline FROM tasks p
        WHERE (g.kind IN ('release', 'promote', 'drop', 'expire') OR g.decision = 'deliver')
          AND p.project = g.project AND p.id = g.task LIMIT 1) t ON true
    LEFT JOIN LATERAL (
        SELECT l.task FROM labels l WHERE g.kind IN ('promote', 'drop') AND l.basis = 'panel' AND l.delivered_at = g.at
          AND l.project = g.project AND l.task = g.task AND l.withdrawn_at IS NULL
        UNION ALL
        SELECT l.task FROM labels l WHERE g.kind IN ('promote', 'drop') AND l.basis = 'panel' AND l.delivered_at = g.at
          AND l.project = g.project AND l.task = g.task AND l.withdrawn_at IS NOT NULL
        LIMIT 1) p ON true
    WHERE g.id > %(after)s AND g.id <= %(upto)s
), spans AS (
    SELECT span, make_interval(mins => span) AS width FROM unnest(%(spans)s::integer[]) AS wanted (span)
), spread AS (
    INSERT INTO spreads (project, span, at, measure, bucket, count)
    SELECT project, span, date_bin(width, at, 'epoch'), measure,
           least(%(last)s, greatest(%(first)s, floor(4 * ln(greatest(took, 1e-3)) / ln(2)))), count(*)
    FROM new CROSS JOIN spans
    CROSS JOIN LATERAL (VALUES ('task', milliseconds / 1000.0::float8), ('label', label_seconds),
                               ('due', coalesce(label_seconds, expired_seconds) / nullif(due_seconds, 0)))
        AS measured (measure, took)
    WHERE took IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (project, span, at, measure, bucket) DO UPDATE SET count = spreads.count + excluded.count
)
INSERT INTO figures AS f (project, span, at, entries, last_entry, answers, benchmark_answers, benchmarks_right, panel_answers,
                          decoy_answers, reference_answers, skips, delivered, held, released, discarded, withdrawn,
                          promotions, admissions, dismissals, seconds)
SELECT project, span, date_bin(width, at, 'epoch'), count(*), max(id),
       count(*) FILTER (WHERE kind = 'answer' AND stage = 'label'),
       count(*) FILTER (WHERE kind = 'answer' AND stage = 'benchmark'),
       count(*) FILTER (WHERE is_right),
       count(*) FILTER (WHERE kind = 'answer' AND stage = 'panel'),
       count(*) FILTER (WHERE kind = 'answer' AND stage = 'decoy'),
       count(*) FILTER (WHERE kind = 'answer' AND stage = 'reference'),
       count(*) FILTER (WHERE kind = 'skip'),
       count(*) FILTER (WHERE kind = 'release' OR kind = 'answer' AND decision = 'deliver'),
       count(*) FILTER (WHERE kind = 'answer' AND decision = 'hold'),
       count(*) FILTER (WHERE kind = 'release'),
       count(*) FILTER (WHERE kind = 'discard' OR kind = 'answer' AND decision = 'discard'),
       count(*) FILTER (WHERE kind = 'withdraw'), count(*) FILTER (WHERE kind = 'promote'),
       count(*) FILTER (WHERE kind = 'admit'), count(*) FILTER (WHERE kind = 'dismiss'),
       coalesce(sum(milliseconds), 0) / 1000.0
FROM new CROSS JOIN spans
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
ON CONFLICT (project, span, at) DO UPDATE SET entries = f.entries + excluded.entries,
    last_entry = greatest(f.last_entry, excluded.last_entry), answers = f.answers + excluded.answers,
    benchmark_answers = f.benchmark_answers + excluded.benchmark_answers,
    benchmarks_right = f.benchmarks_right + excluded.benchmarks_right,
    panel_answers = f.panel_answers + excluded.panel_answers, decoy_answers = f.decoy_answers + excluded.decoy_answers,
    reference_answers = f.reference_answers + excluded.reference_answers,
    skips = f.skips + excluded.skips, delivered = f.delivered + excluded.delivered, held = f.held + excluded.held,
    released = f.released + excluded.released, discarded = f.discarded + excluded.discarded,
    withdrawn = f.withdrawn + excluded.withdrawn, promotions = f.promotions + excluded.promotions,
    admissions = f.admissions + excluded.admissions, dismissals = f.dismissals + excluded.dismissals,
    seconds = f.seconds + excluded.seconds;

-- name: series
-- A project's sums between two moments, in spans of one length, the oldest first.
SELECT at, entries, answers, benchmark_answers, benchmarks_right, panel_answers, decoy_answers, reference_answers, skips, delivered,
       held, released, discarded, withdrawn, promotions, admissions, dismissals, seconds
FROM figures WHERE project = %(project)s AND span = %(span)s AND at >= %(since)s AND at < %(until)s ORDER BY at;

-- name: spread
-- How durations of one measure spread between two moments: counts by span and bucket.
SELECT at, bucket, count FROM spreads
WHERE project = %(project)s AND span = %(span)s AND at >= %(since)s AND at < %(until)s AND measure = %(measure)s
ORDER BY at, bucket;

-- name: recent
-- For each of some projects, what it did since a moment, by minutes.
SELECT project, sum(answers + benchmark_answers + decoy_answers + reference_answers)::integer, sum(delivered)::integer FROM figures
WHERE project = ANY (%(projects)s::integer[]) AND span = 1 AND at >= %(since)s GROUP BY project;

-- name: recent_spread
-- For each of some projects, how long its labels took since a moment: counts by bucket.
SELECT project, bucket, sum(count)::integer FROM spreads
WHERE project = ANY (%(projects)s::integer[]) AND span = 1 AND at >= %(since)s AND measure = 'label' GROUP BY 1, 2 ORDER BY 1, 2;

-- name: forget_figures
-- Sums of short spans that nobody looks at any more: longer spans have them too.
DELETE FROM figures WHERE span = %(span)s AND at < %(before)s;

-- name: forget_spreads
-- As `forget_figures`.
DELETE FROM spreads WHERE span = %(span)s AND at < %(before)s;

-- name: forget_gauges
-- As `forget_figures`.
DELETE FROM gauges WHERE span = %(span)s AND at < %(before)s;
