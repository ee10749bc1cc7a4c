-- name: ask
-- Somebody asks to be forgotten; asking twice is asking once.
INSERT INTO erasures (account, labeler, asked_at) VALUES (%(account)s, %(labeler)s, %(now)s)
ON CONFLICT DO NOTHING;

-- name: take_back
-- Somebody thinks better of it, before it was confirmed.
DELETE FROM erasures WHERE account = %(account)s AND confirmed_at IS NULL;

-- name: find
-- The wish of an account, or of a labeler.
SELECT id, account, labeler, asked_at, confirmed_at, project, ended_at FROM erasures
WHERE account = %(account)s OR labeler = %(labeler)s;

-- name: confirm
-- From now on it cannot be taken back; the first confirmation stands.
UPDATE erasures SET confirmed_at = %(now)s, confirmed_by = %(by)s
WHERE id = %(erasure)s AND confirmed_at IS NULL;

-- name: waiting
-- Wishes that nobody has confirmed yet, in the order in which they came, from an id on.
SELECT e.id, e.account, a.login, e.asked_at FROM erasures e JOIN accounts a ON a.id = e.account
WHERE e.confirmed_at IS NULL AND e.ended_at IS NULL AND e.id > %(after)s ORDER BY e.id LIMIT %(limit)s;

-- name: under_way
-- Erasures that were confirmed and have not come to their end.
SELECT id FROM erasures WHERE ended_at IS NULL AND confirmed_at IS NOT NULL ORDER BY id;

-- name: take
-- One erasure that is under way, unless somebody else is at it.
SELECT id, account, labeler, asked_at, confirmed_at, project, ended_at FROM erasures
WHERE id = %(erasure)s AND ended_at IS NULL FOR NO KEY UPDATE SKIP LOCKED;

-- name: reached
-- Everything up to this project is gone.
UPDATE erasures SET project = %(project)s WHERE id = %(erasure)s;

-- name: end
-- Nothing is left.
UPDATE erasures SET ended_at = %(now)s WHERE id = %(erasure)s;

-- name: blank_account
-- An account that nobody is any more: its name cannot be typed, so it is nobody's to sign in with or to take.
UPDATE accounts SET login = 'erased #' || id, password_hash = NULL, issuer = NULL, subject = NULL, failures = 0,
    locked_until = NULL, disabled_at = coalesce(disabled_at, %(now)s), erased_at = %(now)s
WHERE id = %(account)s;

-- name: blank_invitations
-- Links for the account go; notes on those that it made go, and whatever note names it.
WITH own AS (DELETE FROM invitations WHERE account = %(account)s)
UPDATE invitations SET note = '', revoked_at = coalesce(revoked_at, CASE WHEN created_by = %(account)s THEN %(now)s::timestamptz END)
WHERE (created_by = %(account)s OR position(lower(%(login)s) IN lower(note)) > 0) AND account IS DISTINCT FROM %(account)s;

-- name: blank_logins
-- Who took note of alerts, muted them, wrote their rules or said where they go: a number instead of a name.
WITH noted AS (UPDATE alerts SET acknowledged_by = 'erased #' || %(account)s::int WHERE acknowledged_by = %(login)s),
     muted AS (UPDATE mutes SET muted_by = 'erased #' || %(account)s::int WHERE muted_by = %(login)s),
     ruled AS (UPDATE rule_versions SET made_by = 'erased #' || %(account)s::int WHERE made_by = %(login)s),
     own AS (DELETE FROM channels WHERE lower(target) = %(login)s)
UPDATE channels SET made_by = 'erased #' || %(account)s::int WHERE made_by = %(login)s AND lower(target) <> %(login)s;

-- name: blank_labeler
-- A labeler whom nobody can name any more; what was answered stays under the number.
UPDATE labelers SET name = 'erased #' || id, seen_at = NULL, erased_at = %(now)s WHERE id = %(labeler)s;

-- name: blank_roster
-- The name and the times on lists of labelers.
UPDATE roster SET name = 'erased #' || labeler, task_times = '{}', median_seconds = NULL
WHERE project > 0 AND labeler = %(labeler)s;

-- name: drop_keys
-- Keys of a labeler, and what was kept of requests under them.
WITH gone AS (DELETE FROM api_keys WHERE labeler = %(labeler)s RETURNING id)
DELETE FROM idempotency_keys WHERE api_key IN (SELECT id FROM gone);

-- name: blank_looks
-- Wishes for another look and the replies; one that waits is settled, since nobody is there to read a reply.
UPDATE looks SET words = '', reply = '', settled_at = coalesce(settled_at, %(now)s) WHERE labeler = %(labeler)s;

-- name: blank_disputes
-- Some of what a labeler said of tasks; that something was said stays.
UPDATE disputes SET reason = '' WHERE (project, attempt) IN (
    SELECT project, attempt FROM disputes WHERE labeler = %(labeler)s AND reason <> '' LIMIT %(limit)s);

-- name: next_project
-- The next project in which the log knows a labeler.
SELECT p.id FROM projects p WHERE p.id > %(after)s
  AND (EXISTS (SELECT FROM log l WHERE l.project = p.id AND l.labeler = %(labeler)s AND l.n IS NOT NULL)
       OR EXISTS (SELECT FROM log l WHERE l.project = p.id AND l.labeler = %(labeler)s AND l.n IS NULL))
ORDER BY p.id LIMIT 1;

-- name: blank_judged
-- Comments and focus times of some answers that moved a standing, and why somebody let the labeler in or dismissed them by
-- hand; returns the last step.
WITH found AS (
    SELECT n, at, id, attempt, kind, detail FROM log
    WHERE project = %(project)s AND labeler = %(labeler)s AND n IS NOT NULL AND n > %(after)s
    ORDER BY project, labeler, n, at LIMIT %(limit)s
), blanked AS (
    UPDATE answers a SET comment = NULL, focus_ms = NULL FROM found f
    WHERE a.project = %(project)s AND a.attempt = f.attempt AND a.labeler = %(labeler)s
      AND (a.comment IS NOT NULL OR a.focus_ms IS NOT NULL)
), unsaid AS (
    UPDATE log l SET detail = nullif(l.detail - ARRAY['reason', 'comment'], '{}') FROM found f
    WHERE l.project = %(project)s AND l.labeler = %(labeler)s AND l.n = f.n AND l.at = f.at AND l.id = f.id
      AND f.kind = 'ruling' AND f.detail ? 'reason' AND NOT f.detail ? 'audit'
)
SELECT max(n) FROM found;

-- name: blank_asides
-- The same of answers that moved none, and the words that the log has of skips, disputes, trust and audits. It and
-- blank_judged alone change rows of the log, and in them no more than words that no proof reads. Returns the last place.
WITH found AS (
    SELECT at, id, attempt, kind, detail FROM log
    WHERE project = %(project)s AND labeler = %(labeler)s AND n IS NULL AND (at, id) > (%(at)s, %(id)s)
    ORDER BY project, labeler, at, id LIMIT %(limit)s
), blanked AS (
    UPDATE answers a SET comment = NULL, focus_ms = NULL FROM found f
    WHERE a.project = %(project)s AND a.attempt = f.attempt AND a.labeler = %(labeler)s
      AND (a.comment IS NOT NULL OR a.focus_ms IS NOT NULL)
), unsaid AS (
    UPDATE log l SET detail = nullif(l.detail - ARRAY['reason', 'comment'], '{}') FROM found f
    WHERE l.project = %(project)s AND l.labeler = %(labeler)s AND l.n IS NULL AND l.at = f.at AND l.id = f.id
      AND f.kind IN ('skip', 'dispute', 'practice', 'trust', 'audit') AND f.detail ?| ARRAY['reason', 'comment']
)
SELECT at, id FROM found ORDER BY at DESC, id DESC LIMIT 1;
