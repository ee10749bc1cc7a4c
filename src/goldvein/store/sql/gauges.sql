-- name: queue
-- The queue of ordinary tasks up to a bound, in the order in which they go out: how many; how long the first pushed of them has
-- waited; and by how much the one that will be latest will be late at a pace, in tasks a second, where there is one.
WITH head AS MATERIALIZED (
    SELECT task, due_at, row_number() OVER (ORDER BY lane, due_at, urgency, id) AS place FROM attempts
    WHERE project = %(project)s AND stage = 'label' AND state = 'open'
    ORDER BY lane, due_at, urgency, id LIMIT %(bound)s
)
SELECT count(*),
       (SELECT extract(epoch FROM %(now)s - t.created_at)::float8 FROM tasks t
        WHERE t.project = %(project)s AND t.id = (SELECT min(task) FROM head)),
       max(place / nullif(%(pace)s::float8, 0) - extract(epoch FROM due_at - %(now)s)::float8)
           FILTER (WHERE due_at < '9999-01-01')
FROM head;

-- name: save
-- What was just looked at, for the spans that it falls into.
INSERT INTO gauges AS g (project, span, at, sampled_at, queued, oldest_seconds, late_seconds, leased, active, admitted,
                         benchmarks, candidates, shortcuts, supply, why_empty, standings, samples, sum_queued, sum_active,
                         sum_admitted, sum_standings, sum_delivering, least_supply_hours, metrics)
SELECT %(project)s, span, date_bin(make_interval(mins => span), %(now)s, 'epoch'), %(now)s, %(queued)s, %(oldest_seconds)s,
       %(late_seconds)s, %(leased)s, %(active)s, %(admitted)s, %(benchmarks)s, %(candidates)s, %(shortcuts)s, %(supply)s,
       %(why_empty)s, %(standings)s, 1, %(queued)s::integer, %(active)s::integer, %(admitted)s::integer, %(judged)s,
       %(delivering)s, %(supply_hours)s, %(metrics)s
FROM unnest(%(spans)s::integer[]) AS wanted (span)
ON CONFLICT (project, span, at) DO UPDATE SET sampled_at = excluded.sampled_at, queued = excluded.queued,
    oldest_seconds = greatest(g.oldest_seconds, excluded.oldest_seconds), late_seconds = excluded.late_seconds,
    leased = excluded.leased, active = excluded.active, admitted = excluded.admitted, benchmarks = excluded.benchmarks,
    candidates = excluded.candidates, shortcuts = excluded.shortcuts, supply = excluded.supply,
    why_empty = excluded.why_empty, standings = excluded.standings, samples = g.samples + 1,
    sum_queued = g.sum_queued + excluded.sum_queued, sum_active = g.sum_active + excluded.sum_active,
    sum_admitted = g.sum_admitted + excluded.sum_admitted, sum_standings = g.sum_standings + excluded.sum_standings,
    sum_delivering = g.sum_delivering + excluded.sum_delivering,
    least_supply_hours = least(g.least_supply_hours, excluded.least_supply_hours), metrics = excluded.metrics;

-- name: series
-- What was sampled of a project between two moments, in spans of one length, the oldest first.
SELECT at, queued, oldest_seconds, leased, active, admitted, benchmarks, candidates, samples, sum_queued, sum_active,
       sum_admitted, sum_standings, sum_delivering, least_supply_hours, standings
FROM gauges
WHERE project = %(project)s AND span = %(span)s AND at >= %(since)s AND at < %(until)s ORDER BY at;

-- name: latest
-- What was sampled last of each of some projects.
SELECT wanted.project, g.sampled_at, g.queued, g.oldest_seconds, g.late_seconds, g.leased, g.active, g.admitted, g.benchmarks,
       g.candidates, g.shortcuts, g.supply, g.why_empty, g.standings, g.metrics
FROM unnest(%(projects)s::integer[]) AS wanted (project)
CROSS JOIN LATERAL (SELECT * FROM gauges g WHERE g.project = wanted.project AND g.span = 1 ORDER BY g.at DESC LIMIT 1) g;
