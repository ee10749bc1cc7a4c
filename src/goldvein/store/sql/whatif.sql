-- name: moments
-- When the answers of some labelers came, by when their tasks were due, when and why a hold of theirs ended unreleased, and the
-- rate at which each was drawn.
SELECT l.attempt, l.at, a.due_at, coalesce(d.at, c.at), coalesce(d.decision, c.kind), l.rate
FROM log l
JOIN attempts a ON a.project = l.project AND a.id = l.attempt
LEFT JOIN log d ON d.project = l.project AND d.task = l.task AND d.attempt = l.attempt AND d.kind = 'discard'
LEFT JOIN LATERAL (
    SELECT e.at, e.kind FROM log e
    WHERE e.project = l.project AND e.task = l.task AND e.kind IN ('cancel', 'expire') AND e.at >= l.at
    ORDER BY e.at LIMIT 1) AS c ON l.decision = 'hold'
WHERE l.project = %(project)s AND l.labeler = ANY (%(labelers)s) AND l.kind = 'answer' AND l.n IS NOT NULL;
