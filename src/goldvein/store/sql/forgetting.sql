-- name: take
-- How far something was forgotten, and how far it could be: what is not yet rolled up is left. Nobody else is at it then.
SELECT f.upto, r.upto FROM forgotten f JOIN rollups r ON r.name = 'figures'
WHERE f.what = %(what)s FOR NO KEY UPDATE OF f SKIP LOCKED;

-- name: first_young
-- The first row in a stretch of the log that is not old enough.
SELECT min(id) FROM log WHERE id > %(after)s AND id <= %(upto)s AND at >= %(before)s;

-- name: focus
-- Forget the focus times of a stretch of answers.
UPDATE answers a SET focus_ms = NULL FROM log l
WHERE l.id > %(after)s AND l.id <= %(upto)s AND l.at < %(before)s AND l.kind = 'answer'
  AND a.project = l.project AND a.attempt = l.attempt AND a.focus_ms IS NOT NULL;

-- name: comments
-- Forget the comments on a stretch of answers.
UPDATE answers a SET comment = NULL FROM log l
WHERE l.id > %(after)s AND l.id <= %(upto)s AND l.at < %(before)s AND l.kind = 'answer'
  AND a.project = l.project AND a.attempt = l.attempt AND a.comment IS NOT NULL;

-- name: reached
-- A stretch is done.
UPDATE forgotten SET upto = %(upto)s WHERE what = %(what)s;

-- name: invitations
-- Forget some links by which nobody can come any more.
DELETE FROM invitations WHERE id IN (
    SELECT id FROM invitations WHERE least(expires_at, revoked_at) < %(before)s ORDER BY id LIMIT %(limit)s);
