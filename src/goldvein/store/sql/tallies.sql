-- name: note
-- What no event tells: tasks pushed into batches, and tasks cancelled there.
INSERT INTO tally_changes (project, batch, pushed, cancelled)
SELECT %(project)s, batch, pushed, cancelled
FROM unnest(%(batches)s::integer[], %(pushed)s::integer[], %(cancelled)s::integer[]) AS new (batch, pushed, cancelled);

-- name: begin
-- A project that was never counted begins with its first event.
INSERT INTO tallied (project, position) VALUES (%(project)s, 0) ON CONFLICT DO NOTHING;

-- name: take
-- Up to which event a project has been counted, if nobody else is at it.
SELECT position FROM tallied WHERE project = %(project)s FOR UPDATE SKIP LOCKED;

-- name: fold
-- Add the events in a range of positions, and what was noted, to the sums of their batches and of the whole project. A label
-- costs what the price was when it was delivered, also when it is taken back.
WITH noted AS (
    DELETE FROM tally_changes WHERE project = %(project)s AND id IN (
        SELECT id FROM tally_changes WHERE project = %(project)s ORDER BY id LIMIT %(limit)s)
    RETURNING batch, pushed, cancelled
), told AS MATERIALIZED (
    SELECT event, task, label FROM outbox
    WHERE project = %(project)s AND position > %(after)s AND position <= %(upto)s
      AND event IN ('label.created', 'label.withdrawn', 'task.expired')
), changes AS (
    SELECT batch, 0 AS price, pushed, 0 AS labels, cancelled, 0 AS expired, 0 AS withdrawn FROM noted
    UNION ALL
    SELECT coalesce(t.batch, 0), coalesce(p.version, 0), 0,
           CASE o.event WHEN 'label.created' THEN 1 WHEN 'label.withdrawn' THEN -1 ELSE 0 END,
           0, (o.event = 'task.expired')::integer, (o.event = 'label.withdrawn')::integer
    FROM told o
    JOIN tasks t ON t.project = %(project)s AND t.id = o.task
    LEFT JOIN labels l ON l.project = %(project)s AND l.id = o.label
    LEFT JOIN LATERAL (
        SELECT max(version) AS version FROM prices WHERE project = %(project)s AND since <= l.delivered_at
    ) p ON true
), sums AS (
    SELECT place AS batch, price, sum(pushed) AS pushed, sum(labels) AS labels, sum(cancelled) AS cancelled,
           sum(expired) AS expired, sum(withdrawn) AS withdrawn
    FROM changes CROSS JOIN LATERAL (SELECT batch UNION SELECT 0) AS places (place)
    GROUP BY place, price
)
INSERT INTO tallies AS old (project, batch, price, pushed, labels, cancelled, expired, withdrawn)
SELECT %(project)s, batch, price, pushed, labels, cancelled, expired, withdrawn FROM sums
ON CONFLICT (project, batch, price) DO UPDATE SET
    pushed = old.pushed + excluded.pushed, labels = old.labels + excluded.labels,
    cancelled = old.cancelled + excluded.cancelled, expired = old.expired + excluded.expired,
    withdrawn = old.withdrawn + excluded.withdrawn;

-- name: move
-- The project is counted up to here.
UPDATE tallied SET position = %(position)s WHERE project = %(project)s;

-- name: is_behind
-- Whether anything waits to be counted.
SELECT EXISTS (SELECT FROM tally_changes WHERE project = %(project)s)
    OR coalesce((SELECT last FROM outbox_positions WHERE project = %(project)s), 0)
     > coalesce((SELECT position FROM tallied WHERE project = %(project)s), 0);

-- name: of_projects
-- The sums of some whole projects.
SELECT t.project, sum(t.pushed)::bigint, sum(t.labels)::bigint, sum(t.cancelled)::bigint, sum(t.expired)::bigint,
       sum(t.withdrawn)::bigint, coalesce(sum(t.labels * p.per_label), 0),
       (SELECT currency FROM prices c WHERE c.project = t.project ORDER BY c.version DESC LIMIT 1)
FROM tallies t LEFT JOIN prices p ON p.project = t.project AND p.version = t.price
WHERE t.project = ANY (%(projects)s::integer[]) AND t.batch = 0 GROUP BY t.project;

-- name: of_batches
-- The sums of some batches.
SELECT t.batch, sum(t.pushed)::bigint, sum(t.labels)::bigint, sum(t.cancelled)::bigint, sum(t.expired)::bigint,
       sum(t.withdrawn)::bigint, coalesce(sum(t.labels * p.per_label), 0),
       (SELECT currency FROM prices c WHERE c.project = %(project)s ORDER BY c.version DESC LIMIT 1)
FROM tallies t LEFT JOIN prices p ON p.project = t.project AND p.version = t.price
WHERE t.project = %(project)s AND t.batch = ANY (%(batches)s::integer[]) GROUP BY t.batch;

-- name: insert_price
-- Another price from now on.
INSERT INTO prices (project, version, per_label, currency, since, account)
SELECT %(project)s, coalesce(max(version), 0) + 1, %(per_label)s, %(currency)s, %(now)s, %(account)s
FROM prices WHERE project = %(project)s;

-- name: price
-- The price in force.
SELECT per_label, currency, since FROM prices WHERE project = %(project)s ORDER BY version DESC LIMIT 1;

-- name: prices
-- All prices that a project had, the latest first.
SELECT p.per_label, p.currency, p.since, a.login FROM prices p LEFT JOIN accounts a ON a.id = p.account
WHERE p.project = %(project)s ORDER BY p.version DESC;
