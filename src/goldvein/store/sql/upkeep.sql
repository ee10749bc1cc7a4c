-- name: patience
-- Rather give up than let answers queue up behind our wait for a lock.
SET LOCAL lock_timeout = '200ms';

-- name: close_log
-- Nobody adds to the log until the transaction ends; reading goes on. An insert that began to look for its partition before
-- a new one is attached would fail, so inserts have to wait for the few milliseconds that this takes.
LOCK TABLE ONLY log IN SHARE ROW EXCLUSIVE MODE;

-- name: exists
-- Whether there is a table of that name.
SELECT to_regclass(%(table)s) IS NOT NULL;

-- name: default_size
-- Bytes in the partition for everything that has none of its own.
SELECT pg_relation_size('log_other');

-- name: purge_deliveries
-- Forget old tries to deliver, some at a time.
DELETE FROM deliveries WHERE (webhook, id) IN (
    SELECT webhook, id FROM deliveries WHERE sent_at < %(before)s LIMIT %(limit)s
);
