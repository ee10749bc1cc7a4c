-- name: begin
-- Projects that take part and were never looked at begin now; what they were pushed so far is no push.
INSERT INTO looked (project, upto, pushed)
SELECT p.id, %(upto)s, coalesce((SELECT sum(t.pushed) FROM tallies t WHERE t.project = p.id AND t.batch = 0), 0)
FROM projects p WHERE p.state IN ('mining', 'open') AND p.sandbox_of IS NULL ON CONFLICT DO NOTHING;

-- name: due
-- Projects that take part and have spans that were metered to their end and that nobody looked at; and whether it is long
-- since they were learned of.
SELECT l.project, l.learned_at IS NULL OR l.learned_at <= %(stale)s
FROM looked l JOIN projects p ON p.id = l.project
WHERE p.state IN ('mining', 'open') AND p.sandbox_of IS NULL AND l.upto < %(upto)s
  AND EXISTS (SELECT FROM gauges g WHERE g.project = l.project AND g.span = 1 AND g.at >= %(upto)s)
ORDER BY l.project;

-- name: take
-- Keep others from a project, and say up to when it was looked at and learned of; no row while another process has it.
SELECT upto, learned_at FROM looked WHERE project = %(project)s FOR UPDATE SKIP LOCKED;

-- name: wait
-- The same, once whoever is at it is done.
SELECT upto, learned_at FROM looked WHERE project = %(project)s FOR UPDATE;

-- name: move
-- A project was looked at up to here.
UPDATE looked SET upto = greatest(upto, %(upto)s) WHERE project = %(project)s;

-- name: note_learned
-- A project was learned of.
UPDATE looked SET learned_at = %(now)s, habit = %(habit)s WHERE project = %(project)s;

-- name: note_pushes
-- Where more tasks were pushed than was seen last, its customer pushed just now.
WITH sums AS MATERIALIZED (
    SELECT l.project, coalesce((SELECT sum(t.pushed) FROM tallies t WHERE t.project = l.project AND t.batch = 0), 0) AS pushed
    FROM looked l JOIN projects p ON p.id = l.project WHERE p.state IN ('mining', 'open') AND p.sandbox_of IS NULL ORDER BY l.project FOR UPDATE OF l
), moved AS (
    UPDATE looked l SET pushed = s.pushed FROM sums s WHERE l.project = s.project AND l.pushed < s.pushed RETURNING l.project
)
INSERT INTO pushes (project, at) SELECT project, %(at)s FROM moved ON CONFLICT DO NOTHING;

-- name: pushes
-- When a project's customer was seen to push since a moment, the oldest first.
SELECT at FROM pushes WHERE project = %(project)s AND at >= %(since)s ORDER BY at;

-- name: forget_pushes
-- Pushes that no habit is learned from any more.
DELETE FROM pushes WHERE at < %(before)s;

-- name: habits
-- When the customers of projects that take part push, and when each did last.
SELECT l.project, l.habit, (SELECT max(u.at) FROM pushes u WHERE u.project = l.project)
FROM looked l JOIN projects p ON p.id = l.project
WHERE p.state IN ('mining', 'open') AND p.sandbox_of IS NULL AND l.habit IS NOT NULL ORDER BY l.project;

-- name: watches
-- What is remembered of a project's rules.
SELECT metric, upto, sums, range, lent_by FROM watches WHERE project = %(project)s;

-- name: remember
-- Remember what rules came to, and leave what is expected as it is.
INSERT INTO watches (project, metric, upto, sums)
SELECT %(project)s, metric, upto, sums
FROM unnest(%(metrics)s::text[], %(upto)s::timestamptz[], %(sums)s::jsonb[]) AS new (metric, upto, sums)
ON CONFLICT (project, metric) DO UPDATE SET upto = excluded.upto, sums = excluded.sums;

-- name: expect
-- Write what is expected of metrics, and leave what is remembered as it is.
INSERT INTO watches (project, metric, upto, sums, range, lent_by)
SELECT %(project)s, metric, %(upto)s, '{}', range, lent_by
FROM unnest(%(metrics)s::text[], %(ranges)s::jsonb[], %(lenders)s::integer[]) AS new (metric, range, lent_by)
ON CONFLICT (project, metric) DO UPDATE SET range = excluded.range, lent_by = excluded.lent_by;

-- name: forget_sums
-- Rules that changed begin anew.
UPDATE watches SET sums = '{}' WHERE project = %(project)s AND metric = ANY (%(metrics)s::text[]);

-- name: alike
-- Projects with own ranges that are the most like another: of the same family first, then of the same customer and type.
SELECT o.id FROM projects o JOIN projects p ON p.id = %(project)s AND o.id <> p.id AND o.type = p.type
WHERE (o.family = p.family OR o.customer = p.customer)
  AND EXISTS (SELECT FROM watches w WHERE w.project = o.id AND w.range IS NOT NULL AND w.lent_by IS NULL)
ORDER BY o.family IS NOT DISTINCT FROM p.family AND o.family IS NOT NULL DESC, o.id DESC LIMIT 1;

-- name: rules
-- A project's rules where they are not the default, in the latest version.
SELECT version, rules, made_at, made_by FROM rule_versions WHERE project = %(project)s ORDER BY version DESC LIMIT 1;

-- name: rule_versions
-- All versions of a project's rules, the latest first.
SELECT version, rules, made_at, made_by FROM rule_versions WHERE project = %(project)s ORDER BY version DESC LIMIT %(limit)s;

-- name: add_rules
-- A new version of a project's rules, unless somebody made one since.
INSERT INTO rule_versions (project, version, rules, made_at, made_by)
SELECT %(project)s, %(version)s, %(rules)s, %(now)s, %(by)s ON CONFLICT DO NOTHING RETURNING version;

-- name: failing_webhooks
-- Webhooks that were given up, or whose present message failed so often; and since when it does.
SELECT w.id, w.project, w.url, w.tries, w.state = 'disabled',
       (SELECT d.sent_at FROM deliveries d WHERE d.webhook = w.id ORDER BY d.id DESC OFFSET w.tries - 1 LIMIT 1)
FROM webhooks w JOIN projects p ON p.id = w.project
WHERE p.state <> 'closed' AND w.tries >= %(tries)s
ORDER BY w.id;
