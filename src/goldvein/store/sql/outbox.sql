-- name: insert_many
-- Events of one group, without a position until they are committed.
INSERT INTO outbox (project, event, task, label, batch, alert, created_at)
SELECT project, event, task, label, batch, alert, %(created_at)s
FROM unnest(%(projects)s::integer[], %(events)s::text[], %(tasks)s::bigint[], %(labels)s::bigint[],
            %(batches)s::integer[], %(alerts)s::bigint[])
     WITH ORDINALITY AS new (project, event, task, label, batch, alert, place)
ORDER BY place;

-- name: waits
-- Whether a committed event has no position yet.
SELECT EXISTS (SELECT FROM outbox WHERE project = %(project)s AND position IS NULL);

-- name: try_to_number
-- True for the one process that may give positions now, until its transaction ends. A statement of its own: the next
-- statement's snapshot is younger than the lock, so it sees all positions given before.
SELECT pg_try_advisory_xact_lock(1735355492, %(project)s);

-- name: number
-- Give the next positions to committed events in the order of their ids, and return how many got one. The rows are found
-- again by their place on disk: only the numberer updates them, and a join by id compares every row with every other.
WITH fresh AS MATERIALIZED (
    SELECT place_on_disk, row_number() OVER (ORDER BY id) AS place
    FROM (SELECT ctid AS place_on_disk, id FROM outbox
          WHERE project = %(project)s AND position IS NULL ORDER BY id LIMIT %(limit)s) AS waiting
), given AS (
    INSERT INTO outbox_positions (project, last) VALUES (%(project)s, (SELECT count(*) FROM fresh))
    ON CONFLICT (project) DO UPDATE SET last = outbox_positions.last + excluded.last
    RETURNING last - (SELECT count(*) FROM fresh) AS before
), numbered AS (
    UPDATE outbox SET position = (SELECT before FROM given) + fresh.place FROM fresh
    WHERE outbox.ctid = fresh.place_on_disk
    RETURNING 1
)
SELECT count(*) FROM numbered;

-- name: after
-- The events in a range of positions, in order, each with its label as that is now. Callers keep the range short, so that
-- the cost does not hang on the planner's guess; the page is cut before anything is joined to it.
WITH page AS MATERIALIZED (
    SELECT position, event, created_at, task, label, batch, alert FROM outbox
    WHERE project = %(project)s AND position > %(after)s AND position <= %(upto)s
      AND (%(events)s::text[] IS NULL OR event = ANY (%(events)s::text[]))
    ORDER BY position LIMIT %(limit)s
)
SELECT o.position, o.event, o.created_at, o.task, t.unique_id, b.name,
       a.id, a.kind, a.subject, a.detail, a.opened_at, a.resolved_at,
       l.id, l.task, t.unique_id, l.answer, l.basis, l.labeler, l.confidence, l.p_benchmarks, l.p_all, l.benchmarks,
       l.standing_state, l.policy_version, l.answered_at, l.delivered_at, l.replaces, l.withdrawn_at,
       (SELECT lease_key FROM instance)
FROM page o
LEFT JOIN tasks t ON t.project = %(project)s AND t.id = o.task
LEFT JOIN labels l ON l.project = %(project)s AND l.id = o.label
LEFT JOIN batches b ON b.project = %(project)s AND b.id = coalesce(o.batch, t.batch)
LEFT JOIN alerts a ON a.project = %(project)s AND a.id = o.alert
ORDER BY o.position;

-- name: last_position
-- The last position given in a project.
SELECT last FROM outbox_positions WHERE project = %(project)s;

-- name: created_at
-- When the event of a position happened.
SELECT created_at FROM outbox WHERE project = %(project)s AND position = %(position)s;
