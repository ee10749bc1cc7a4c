-- name: claim
-- Take an Idempotency-Key; a claim whose process died, and an answer that is too old, are taken over.
INSERT INTO idempotency_keys AS present (api_key, key, request_hash, status, response, created_at)
VALUES (%(api_key)s, %(key)s, '', 0, '', %(now)s)
ON CONFLICT (api_key, key) DO UPDATE SET request_hash = '', status = 0, response = '', created_at = %(now)s
WHERE present.created_at
    < CASE present.status WHEN 0 THEN %(abandoned_before)s::timestamptz ELSE %(forgotten_before)s::timestamptz END
RETURNING 1;

-- name: find
-- What an Idempotency-Key was answered with; status 0 while the first request is under way.
SELECT request_hash, status, response FROM idempotency_keys WHERE api_key = %(api_key)s AND key = %(key)s;

-- name: finish
-- Keep the answer, unless another process has taken the claim over.
UPDATE idempotency_keys SET request_hash = %(request_hash)s, status = %(status)s, response = %(response)s
WHERE api_key = %(api_key)s AND key = %(key)s AND status = 0 AND created_at = %(claimed_at)s;

-- name: release
-- Give up a claim: the request failed and changed nothing.
DELETE FROM idempotency_keys
WHERE api_key = %(api_key)s AND key = %(key)s AND status = 0 AND created_at = %(claimed_at)s;

-- name: forget
-- Delete answers that nobody will ask for again.
DELETE FROM idempotency_keys WHERE created_at < %(before)s;
