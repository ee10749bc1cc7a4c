-- name: add
-- A new channel, of a project or of all.
INSERT INTO channels (project, kind, target, made_at, made_by) VALUES (%(project)s, %(kind)s, %(target)s, %(now)s, %(by)s)
RETURNING id, project, kind, target, made_at, made_by;

-- name: list
-- Channels, those of all projects first.
SELECT id, project, kind, target, made_at, made_by FROM channels ORDER BY project NULLS FIRST, id;

-- name: one
-- One channel.
SELECT id, project, kind, target, made_at, made_by FROM channels WHERE id = %(channel)s;

-- name: delete
-- Remove a channel, and what it was or was to be told.
DELETE FROM channels WHERE id = %(channel)s RETURNING id;

-- name: note
-- What the channels of a project are to be told of an alert, unless it is muted; the end only where the beginning was.
INSERT INTO notices (channel, project, alert, event, next_try_at)
SELECT c.id, a.project, a.id, %(event)s, %(now)s
FROM alerts a JOIN channels c ON c.project = a.project OR c.project IS NULL
WHERE a.project = %(project)s AND a.id = %(alert)s
  AND (%(event)s = 'opened' AND NOT EXISTS (SELECT FROM mutes m WHERE m.project = a.project AND m.kind = a.kind
                                            AND m.subject = a.subject AND m.until > %(now)s)
       OR %(event)s = 'resolved' AND EXISTS (SELECT FROM notices n WHERE n.channel = c.id AND n.project = a.project
                                             AND n.alert = a.id AND n.event = 'opened'))
ORDER BY c.id
ON CONFLICT DO NOTHING;

-- name: claim
-- Lease notices whose time has come to one process, the oldest first: while it sends, their next try lies ahead.
WITH free AS MATERIALIZED (
    SELECT channel, project, alert, event FROM notices WHERE next_try_at <= %(now)s
    ORDER BY next_try_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), leased AS (
    UPDATE notices n SET next_try_at = %(until)s, tries = n.tries + 1 FROM free f
    WHERE n.channel = f.channel AND n.project = f.project AND n.alert = f.alert AND n.event = f.event
    RETURNING n.channel, n.project, n.alert, n.event, n.tries
)
SELECT l.channel, c.kind, c.target, l.project, p.name, l.event, l.tries, a.id, a.kind, a.subject, a.detail, a.opened_at,
       a.resolved_at
FROM leased l JOIN channels c ON c.id = l.channel JOIN projects p ON p.id = l.project
JOIN alerts a ON a.project = l.project AND a.id = l.alert ORDER BY a.id, l.channel;

-- name: settle
-- How a try went: told, to be tried again, or given up. Nothing happens if another process has it since.
UPDATE notices SET next_try_at = %(next_try_at)s, told_at = %(told_at)s, error = %(error)s
WHERE channel = %(channel)s AND project = %(project)s AND alert = %(alert)s AND event = %(event)s AND tries = %(tries)s;

-- name: of_alert
-- Whom an alert was told to, and how that went.
SELECT n.channel, c.kind, c.target, n.event, n.tries, n.next_try_at, n.told_at, n.error
FROM notices n JOIN channels c ON c.id = n.channel WHERE n.project = %(project)s AND n.alert = %(alert)s
ORDER BY n.event, n.channel;
