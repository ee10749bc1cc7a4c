-- name: insert_account
-- A new account; its login must be free.
INSERT INTO accounts (login, password_hash, role, customer, labeler, issuer, subject, created_at)
VALUES (%(login)s, %(password_hash)s, %(role)s, %(customer)s, %(labeler)s, %(issuer)s, %(subject)s, %(now)s)
RETURNING id;

-- name: find_by_login
-- An account by its login.
SELECT id, login, password_hash, role, customer, labeler, issuer, subject, failures, locked_until, created_at, disabled_at, erased_at
FROM accounts WHERE login = %(login)s;

-- name: find
-- An account by its id.
SELECT id, login, password_hash, role, customer, labeler, issuer, subject, failures, locked_until, created_at, disabled_at, erased_at
FROM accounts WHERE id = %(account)s;

-- name: find_by_subject
-- The account of whom an issuer of OpenID Connect vouches for.
SELECT id, login, password_hash, role, customer, labeler, issuer, subject, failures, locked_until, created_at, disabled_at, erased_at
FROM accounts WHERE issuer = %(issuer)s AND subject = %(subject)s;

-- name: lock_by_login
-- An account by its login, locked against other guesses, not against new sessions.
SELECT id, login, password_hash, role, customer, labeler, issuer, subject, failures, locked_until, created_at, disabled_at, erased_at
FROM accounts WHERE login = %(login)s FOR NO KEY UPDATE;

-- name: count_guess
-- One more guess, wrong until it proves right.
UPDATE accounts SET failures = failures + 1, locked_until = %(locked_until)s WHERE id = %(account)s;

-- name: forget_guesses
-- The password was right: nothing is held against the account.
UPDATE accounts SET failures = 0, locked_until = NULL WHERE id = %(account)s;

-- name: set_password
-- A new password, which nobody has guessed at.
UPDATE accounts SET password_hash = %(password_hash)s, failures = 0, locked_until = NULL WHERE id = %(account)s;

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

-- name: list_sessions
-- An account's sessions that have not ended, the last used first.
SELECT hash, user_agent, created_at, seen_at FROM sessions
WHERE account = %(account)s AND expires_at > %(now)s
ORDER BY seen_at DESC, hash LIMIT %(limit)s;

-- name: delete_sessions_of
-- Sign somebody out everywhere: sessions, and links that would begin another.
WITH entered AS (DELETE FROM entries WHERE account = %(account)s)
DELETE FROM sessions WHERE account = %(account)s;

-- name: insert_entry
-- A link that signs in once.
INSERT INTO entries (hash, account, expires_at) VALUES (%(hash)s, %(account)s, %(expires_at)s);

-- name: take_entry
-- Use up such a link: of two who try at once, one gets it.
DELETE FROM entries e USING accounts a
WHERE e.hash = %(hash)s AND e.expires_at > %(now)s AND a.id = e.account AND a.disabled_at IS NULL
RETURNING e.account;

-- name: lock
-- An account by its id, locked against other changes of it.
SELECT id, login, password_hash, role, customer, labeler, issuer, subject, failures, locked_until, created_at, disabled_at, erased_at
FROM accounts WHERE id = %(account)s FOR NO KEY UPDATE;

-- name: list_people
-- A page of accounts by login, of those whose login begins with a prefix.
SELECT a.id, a.login, a.role, a.customer, c.name, a.labeler, a.created_at, a.disabled_at
FROM accounts a LEFT JOIN customers c ON c.id = a.customer
WHERE a.login > %(after)s AND a.login >= %(prefix)s AND a.login < %(prefix_end)s
ORDER BY a.login LIMIT %(limit)s;

-- name: list_people_of_role
-- The same, of one role. Both columns are a range of one index: by role alone, all of another role might be read.
SELECT a.id, a.login, a.role, a.customer, c.name, a.labeler, a.created_at, a.disabled_at
FROM accounts a LEFT JOIN customers c ON c.id = a.customer
WHERE (a.role, a.login) > (%(role)s, %(after)s)
    AND (a.role, a.login) >= (%(role)s, %(prefix)s) AND (a.role, a.login) < (%(role)s, %(prefix_end)s)
ORDER BY a.role, a.login LIMIT %(limit)s;

-- name: list_people_of_customer
-- The same, of one customer.
SELECT a.id, a.login, a.role, a.customer, c.name, a.labeler, a.created_at, a.disabled_at
FROM accounts a LEFT JOIN customers c ON c.id = a.customer
WHERE a.customer IS NOT NULL AND (a.customer, a.login) > (%(customer)s, %(after)s)
    AND (a.customer, a.login) >= (%(customer)s, %(prefix)s) AND (a.customer, a.login) < (%(customer)s, %(prefix_end)s)
ORDER BY a.customer, a.login LIMIT %(limit)s;

-- name: set_role
-- Another role for somebody who is no labeler.
UPDATE accounts SET role = %(role)s WHERE id = %(account)s;

-- name: set_disabled
-- Keep an account out from now on, or let it in again.
UPDATE accounts SET disabled_at = %(disabled_at)s WHERE id = %(account)s;

-- name: purge
-- Sessions and entries that have ended, some at a time.
WITH s AS (
    DELETE FROM sessions WHERE hash IN (
        SELECT hash FROM sessions WHERE expires_at <= %(now)s ORDER BY expires_at LIMIT %(limit)s
    ) RETURNING 1
), e AS (
    DELETE FROM entries WHERE hash IN (
        SELECT hash FROM entries WHERE expires_at <= %(now)s ORDER BY expires_at LIMIT %(limit)s
    ) RETURNING 1
)
SELECT (SELECT count(*) FROM s) + (SELECT count(*) FROM e);

-- name: find_of_labeler
-- The account of a labeler.
SELECT id, login, password_hash, role, customer, labeler, issuer, subject, failures, locked_until, created_at, disabled_at, erased_at
FROM accounts WHERE labeler = %(labeler)s;
