-- name: insert_account
-- A new account; its login must be free.
INSERT INTO accounts (login, password_hash, role, customer, labeler, issuer, subject, created_at)
VALUES (%(login)s, %(password_hash)s, %(role)s, %(customer)s, %(labeler)s, %(issuer)s, %(subject)s, %(now)s)
RETURNING id;

-- name: find_by_login
-- An account by its login.
SELECT id, login, password_hash, role, customer, labeler, issuer, subject, failures, locked_until, created_at, disabled_at
FROM accounts WHERE login = %(login)s;

-- name: insert_session
-- A new session of an account.
INSERT INTO sessions (hash, account, user_agent, created_at, seen_at, expires_at)
VALUES (%(hash)s, %(account)s, %(user_agent)s, %(now)s, %(now)s, %(expires_at)s);

-- name: find_session
-- The owner of a session that has not ended, and when the session was last noted as seen.
SELECT a.id, a.login, a.role, a.customer, a.labeler, s.seen_at
FROM sessions s JOIN accounts a ON a.id = s.account
WHERE s.hash = %(hash)s AND s.expires_at > %(now)s AND a.disabled_at IS NULL;

-- name: touch_session
-- A session was used: it lasts longer.
UPDATE sessions SET seen_at = %(now)s, expires_at = %(expires_at)s WHERE hash = %(hash)s;

-- name: delete_session
-- Sign out.
DELETE FROM sessions WHERE hash = %(hash)s;
