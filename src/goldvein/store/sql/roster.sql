-- name: roll
-- Bring the lines of those labelers up to date of whom some rows of the log tell: counts grow by what is told, the rest is as
-- the standing has it now. One process at a time does this, so that what is read here is what is written over.
WITH new AS MATERIALIZED (
    SELECT g.*, g.choice = i.key AND g.kind = 'answer' AS is_right,
           1 - %(first)s + least(%(last)s, greatest(%(first)s, floor(4 * ln(greatest(milliseconds, 1) / 1000.0::float8) / ln(2))))
               AS bucket
    FROM log g
    LEFT JOIN LATERAL (
        SELECT v.key FROM item_versions v WHERE g.kind = 'answer' AND g.stage = 'benchmark'
          AND v.project = g.project AND v.task = g.task AND v.version = g.item_version LIMIT 1) i ON true
    WHERE g.id > %(after)s AND g.id <= %(upto)s AND g.labeler IS NOT NULL
      AND g.kind IN ('admit', 'answer', 'skip', 'release', 'discard', 'state', 'dismiss', 'rescored', 'audited', 'ruling', 'withdraw')
), told AS (
    SELECT project, labeler, max(at) AS told_at, max(at) FILTER (WHERE kind IN ('admit', 'answer', 'skip')) AS seen_at,
           count(*) FILTER (WHERE kind = 'answer' AND stage = 'benchmark') AS benchmarks,
           count(*) FILTER (WHERE is_right) AS benchmarks_right,
           count(*) FILTER (WHERE kind = 'answer' AND stage = 'label') AS answers,
           count(*) FILTER (WHERE kind = 'release' OR kind = 'answer' AND decision = 'deliver') AS delivered,
           count(*) FILTER (WHERE kind = 'answer' AND decision = 'hold') AS held,
           count(*) FILTER (WHERE kind = 'withdraw') AS withdrawn,
           count(*) FILTER (WHERE kind = 'skip') AS skips,
           count(*) FILTER (WHERE kind = 'answer' AND stage = 'panel') AS panel_answers,
           array_agg(bucket) FILTER (WHERE milliseconds IS NOT NULL) AS buckets
    FROM new GROUP BY 1, 2
), sums AS (
    SELECT t.project, t.labeler, l.name, coalesce(s.state, 'panel') AS state, s.p_benchmarks, s.p_all,
           t.benchmarks + coalesce(r.benchmarks, 0) AS benchmarks,
           t.benchmarks_right + coalesce(r.benchmarks_right, 0) AS benchmarks_right,
           t.answers + coalesce(r.answers, 0) AS answers, t.delivered + coalesce(r.delivered, 0) AS delivered,
           t.held + coalesce(r.held, 0) AS held, t.withdrawn + coalesce(r.withdrawn, 0) AS withdrawn,
           t.skips + coalesce(r.skips, 0) AS skips, t.panel_answers + coalesce(r.panel_answers, 0) AS panel_answers,
           spread.counts, greatest(r.seen_at, coalesce(t.seen_at, r.seen_at, t.told_at)) AS seen_at
    FROM told t
    JOIN labelers l ON l.id = t.labeler
    LEFT JOIN standings s ON s.project = t.project AND s.labeler = t.labeler
    LEFT JOIN roster r ON r.project = t.project AND r.labeler = t.labeler
    CROSS JOIN LATERAL (
        SELECT array_agg((coalesce(r.task_times[b], 0) + coalesce(n.count, 0))::integer ORDER BY b) AS counts
        FROM generate_series(1, 1 + %(last)s::integer - %(first)s::integer) b
        LEFT JOIN (SELECT x, count(*) FROM unnest(t.buckets) x GROUP BY x) n ON n.x = b) spread
)
INSERT INTO roster (project, labeler, name, state, p_benchmarks, p_all, benchmarks, benchmarks_right, right_share, answers,
                    delivered, held, withdrawn, skips, panel_answers, median_seconds, task_times, seen_at)
SELECT project, labeler, name, state, p_benchmarks, p_all, benchmarks, benchmarks_right,
       benchmarks_right::float8 / nullif(benchmarks, 0), answers, delivered, held, withdrawn, skips, panel_answers,
       (SELECT power(2, (%(first)s + b - 0.5) / 4.0::float8)
        FROM (SELECT b, sum(count) OVER (ORDER BY b) AS upto, sum(count) OVER () AS total
              FROM unnest(counts) WITH ORDINALITY AS buckets (count, b)) AS cumulated
        WHERE total > 0 AND 2 * upto >= total ORDER BY b LIMIT 1),
       counts, seen_at
FROM sums ORDER BY project, labeler
ON CONFLICT (project, labeler) DO UPDATE SET
    name = excluded.name, state = excluded.state, p_benchmarks = excluded.p_benchmarks, p_all = excluded.p_all,
    benchmarks = excluded.benchmarks, benchmarks_right = excluded.benchmarks_right, right_share = excluded.right_share,
    answers = excluded.answers, delivered = excluded.delivered, held = excluded.held, withdrawn = excluded.withdrawn,
    skips = excluded.skips, panel_answers = excluded.panel_answers, median_seconds = excluded.median_seconds,
    task_times = excluded.task_times, seen_at = excluded.seen_at;

-- name: at_work
-- How many labelers of some projects were seen since a moment and may work there: let in, or on the panel.
SELECT project, count(*) FROM roster
WHERE project = ANY (%(projects)s::integer[]) AND state IN ('admitted', 'boundary', 'panel') AND seen_at > %(since)s GROUP BY project;

-- name: distribution
-- How the standings of a project are spread: counts by state and twentieth of P(good) on all evidence, and how many of them
-- the gate lets through by what is asked in their state.
SELECT r.state, least(20, width_bucket(p_all, 0, 1, 20)), count(*),
       count(*) FILTER (WHERE r.benchmarks >= asked.benchmarks AND round(p_benchmarks::numeric, 6) >= asked.shown::numeric
                          AND round(p_all::numeric, 6) >= asked.unsuspected::numeric)
FROM roster r
LEFT JOIN unnest(%(states)s::text[], %(min_benchmarks)s::integer[], %(shown)s::float8[], %(unsuspected)s::float8[])
       AS asked (state, benchmarks, shown, unsuspected) ON asked.state = r.state
WHERE project = %(project)s AND p_all IS NOT NULL GROUP BY 1, 2;

-- name: find
-- One labeler's line.
SELECT labeler, name, state, p_benchmarks, p_all, benchmarks, right_share, answers, delivered, held, withdrawn, skips,
       panel_answers, median_seconds, seen_at
FROM roster WHERE project = %(project)s AND labeler = %(labeler)s;
