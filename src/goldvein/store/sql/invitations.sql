-- name: insert
-- A new link; only the hash of its token is known.
INSERT INTO invitations (hash, role, customer, account, note, uses_left, created_by, created_at, expires_at)
VALUES (%(hash)s, %(role)s, %(customer)s, %(account)s, %(note)s, %(uses)s, %(created_by)s, %(now)s, %(expires_at)s)
RETURNING id;

-- name: find_open
-- A link that can still be used, and for whom.
SELECT i.id, i.role, i.customer, i.account, a.login
FROM invitations i LEFT JOIN accounts a ON a.id = i.account
WHERE i.hash = %(hash)s AND i.uses_left > 0 AND i.expires_at > %(now)s AND i.revoked_at IS NULL
    AND a.disabled_at IS NULL;

-- name: take_use
-- Use a link once; who comes at the same time waits, and finds one use less.
UPDATE invitations SET uses_left = uses_left - 1, used = used + 1
WHERE hash = %(hash)s AND uses_left > 0 AND expires_at > %(now)s AND revoked_at IS NULL
RETURNING id, role, customer, account, NULL::text;

-- name: list_latest
-- A page of links, the newest first.
SELECT i.id, i.role, c.name, a.login, i.note, i.uses_left, i.used, m.login, i.created_at, i.expires_at, i.revoked_at
FROM invitations i
    LEFT JOIN customers c ON c.id = i.customer
    LEFT JOIN accounts a ON a.id = i.account
    LEFT JOIN accounts m ON m.id = i.created_by
WHERE i.id < %(before)s
ORDER BY i.id DESC LIMIT %(limit)s;

-- name: lock
-- The role that a link gives, to be changed.
SELECT role FROM invitations WHERE id = %(invitation)s FOR NO KEY UPDATE;

-- name: revoke
-- Take a link back; one that was taken back keeps the time.
UPDATE invitations SET revoked_at = coalesce(revoked_at, %(now)s) WHERE id = %(invitation)s;

-- name: revoke_for
-- Take back the links for a new password of an account that nobody has used.
UPDATE invitations SET revoked_at = %(now)s WHERE account = %(account)s AND revoked_at IS NULL AND uses_left > 0;

-- name: revoke_of_maker
-- Take back what somebody made who may make no more.
UPDATE invitations SET revoked_at = %(now)s WHERE created_by = %(account)s AND revoked_at IS NULL;
