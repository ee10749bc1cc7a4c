-- name: labelers
-- Labelers of a project who have answered anything, and how many answers they gave, page by page.
SELECT labeler, n FROM standings WHERE project = %(project)s AND labeler > %(after)s AND n > 0
ORDER BY labeler LIMIT %(limit)s;

-- name: latest
-- The latest steps of some labelers, each labeler's in the order given, benchmarks alone or all. What was answered to
-- benchmarks that are struck out, or that served while they were, teaches nothing.
SELECT g.labeler, g.n, g.stage = 'benchmark', g.task, g.choice, g.shown, g.milliseconds, g.p_benchmarks, g.exposures
FROM unnest(%(labelers)s::integer[], %(firsts)s::bigint[]) AS asked (labeler, first)
JOIN LATERAL (
    SELECT labeler, n, stage, task, choice, shown, milliseconds, p_benchmarks, exposures, item_version FROM log
    WHERE project = %(project)s AND labeler = asked.labeler AND n >= asked.first AND kind = 'answer'
      AND (stage = 'benchmark' OR NOT %(benchmarks_only)s)
) g ON true
WHERE NOT EXISTS (
    SELECT FROM item_versions i JOIN benchmarks b ON b.project = i.project AND b.task = i.task
    WHERE i.project = %(project)s AND i.struck AND i.task = g.task
      AND i.version = CASE WHEN g.item_version < b.counts_as THEN b.counts_as ELSE g.item_version END)
ORDER BY g.labeler, g.n;

-- name: first_keys
-- What was known of each benchmark's key before the crowd answered it, or since it got another key.
SELECT DISTINCT ON (i.task) i.task, i.key_probabilities, i.difficulty FROM item_versions i
LEFT JOIN benchmarks b ON b.project = i.project AND b.task = i.task
WHERE i.project = %(project)s AND i.version >= coalesce(b.counts_as, 0) ORDER BY i.task, i.version;

-- name: opening_mix
-- The benchmarks on which the bar was turned into an ability.
SELECT detail FROM log WHERE project = %(project)s AND kind = 'open' AND model_version IS NOT NULL ORDER BY at LIMIT 1;
