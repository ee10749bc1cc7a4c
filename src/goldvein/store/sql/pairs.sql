-- name: roll
-- Count the pairs that some rows of the log complete. A decoy's answer makes a pair with the delivered one before it; of those
-- whom a panel asked, or whose delivered answer went on to it, the first two do: how many more were asked depends on what
-- these two said. Whoever said that no option can be picked makes no pair. What stands before a row in the log is whole when
-- it is read.
WITH new AS MATERIALIZED (
    SELECT g.project, g.at, CASE g.stage WHEN 'decoy' THEN 'decoys' ELSE 'panels' END AS source,
           cardinality(g.shown) AS options, g.choice, first.choice AS first_choice
    FROM log g
    CROSS JOIN LATERAL (
        SELECT (array_agg(e.choice ORDER BY e.id DESC))[1] AS choice, count(*) AS count
        FROM log e
        WHERE e.project = g.project AND e.task = g.task AND e.id < g.id AND e.kind = 'answer'
          AND (e.stage = 'label' AND e.decision = 'deliver' OR e.stage = 'panel' AND g.stage = 'panel')) first
    WHERE g.id > %(after)s AND g.id <= %(upto)s AND g.kind = 'answer' AND g.stage IN ('decoy', 'panel')
      AND (g.stage = 'decoy' OR first.count = 1)
)
INSERT INTO pairs (project, span, at, source, options, one, other, count)
SELECT project, span, date_bin(make_interval(mins => span), at, 'epoch'), source, options, least(choice, first_choice),
       greatest(choice, first_choice), count(*)
FROM new CROSS JOIN unnest(%(spans)s::integer[]) AS wanted (span)
WHERE choice >= 0 AND first_choice >= 0
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY 1, 2, 3, 4, 5, 6, 7
ON CONFLICT (project, span, at, source, options, one, other) DO UPDATE SET count = pairs.count + excluded.count;

-- name: series
-- Pairs of answers between two moments: counts by span, source and cell.
SELECT at, source, options, one, other, count FROM pairs
WHERE project = %(project)s AND span = %(span)s AND at >= %(since)s AND at < %(until)s ORDER BY at;

-- name: forget
-- Pairs of short spans that nobody looks at any more: longer spans have them too.
DELETE FROM pairs WHERE span = %(span)s AND at < %(before)s;
