-- name: insert
-- A new webhook that starts after a position.
INSERT INTO webhooks (project, url, secret, events, state, position, next_try_at, created_at)
VALUES (%(project)s, %(url)s, %(secret)s, %(events)s, 'enabled', %(position)s, %(now)s, %(now)s)
RETURNING id, project, url, secret, events, state, reason, position, sending_to, tries, next_try_at, created_at;

-- name: get
-- One webhook.
SELECT id, project, url, secret, events, state, reason, position, sending_to, tries, next_try_at, created_at
FROM webhooks WHERE id = %(webhook)s;

-- name: of_project
-- The webhooks of a project.
SELECT id, project, url, secret, events, state, reason, position, sending_to, tries, next_try_at, created_at
FROM webhooks WHERE project = %(project)s ORDER BY id;

-- name: delete
-- Remove a webhook, and with it the log of its deliveries.
DELETE FROM webhooks WHERE id = %(webhook)s RETURNING id;

-- name: replay
-- Send again what came after a position. A message under way loses its lease, so its outcome is not written.
UPDATE webhooks SET position = least(position, %(position)s), sending_to = NULL, tries = 0, state = 'enabled',
                    reason = NULL, next_try_at = %(now)s
WHERE id = %(webhook)s
RETURNING id, project, url, secret, events, state, reason, position, sending_to, tries, next_try_at, created_at;

-- name: switch
-- Stop sending, or go on from where it stood; a message under way loses its lease, so its outcome is not written.
UPDATE webhooks SET state = %(state)s, reason = %(reason)s, sending_to = NULL, tries = 0, next_try_at = %(now)s
WHERE id = %(webhook)s
RETURNING id, project, url, secret, events, state, reason, position, sending_to, tries, next_try_at, created_at;

-- name: due
-- Webhooks with something to send, whose time has come and which nobody is serving.
SELECT w.id, w.project FROM webhooks w
WHERE w.state = 'enabled' AND w.next_try_at <= %(now)s AND (
    w.sending_to IS NOT NULL
    OR EXISTS (SELECT FROM outbox_positions p WHERE p.project = w.project AND p.last > w.position)
    OR EXISTS (SELECT FROM outbox o WHERE o.project = w.project AND o.position IS NULL))
ORDER BY w.next_try_at, w.id;

-- name: claim
-- Lease webhooks to one process: until the lease ends, next_try_at keeps the others away and is the fence of its writes.
WITH free AS MATERIALIZED (
    SELECT id FROM webhooks WHERE id = ANY (%(webhooks)s) AND state = 'enabled' AND next_try_at <= %(now)s
    ORDER BY id FOR UPDATE SKIP LOCKED
)
UPDATE webhooks SET next_try_at = %(until)s FROM free WHERE webhooks.id = free.id
RETURNING webhooks.id, project, url, secret, events, state, reason, position, sending_to, tries, next_try_at, created_at;

-- name: move
-- Write how far a leased webhook is; nothing happens if it is no longer as the holder of the lease knew it.
UPDATE webhooks SET position = %(position)s, sending_to = %(sending_to)s, tries = %(tries)s, state = %(state)s,
                    reason = %(reason)s, next_try_at = %(next_try_at)s
WHERE id = %(webhook)s AND state = 'enabled' AND next_try_at = %(lease)s AND position = %(old_position)s
  AND sending_to IS NOT DISTINCT FROM %(old_sending_to)s AND tries = %(old_tries)s
RETURNING id;

-- name: log
-- One try to deliver a message, if the webhook is still there.
INSERT INTO deliveries (webhook, message, from_position, to_position, try, status, error, duration_ms, sent_at)
SELECT id, %(message)s, %(from_position)s, %(to_position)s, %(try)s, %(status)s, %(error)s, %(duration_ms)s, %(sent_at)s
FROM webhooks WHERE id = %(webhook)s
RETURNING id;

-- name: deliveries
-- The latest tries of a webhook, newest first.
SELECT id, message, from_position, to_position, try, status, error, duration_ms, sent_at FROM deliveries
WHERE webhook = %(webhook)s AND id < %(before)s ORDER BY id DESC LIMIT %(limit)s;
