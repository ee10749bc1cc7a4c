-- name: patience
-- Rather give up than let answers queue up behind our wait for a lock.
SET LOCAL lock_timeout = '200ms';

-- name: close_log
-- Nobody adds to the log until the transaction ends; reading goes on. An insert that began to look for its partition before
-- a new one is attached would fail, so inserts have to wait for the few milliseconds that this takes.
LOCK TABLE ONLY log IN SHARE ROW EXCLUSIVE MODE;

-- name: covered
-- The times that have partitions of their own, as bounds say them: FOR VALUES FROM ('...') TO ('...').
SELECT split_part(bound, '''', 2)::timestamptz, split_part(bound, '''', 4)::timestamptz
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid CROSS JOIN LATERAL pg_get_expr(c.relpartbound, c.oid) AS bound
WHERE i.inhparent = 'log'::regclass AND bound <> 'DEFAULT';

-- name: default_size
-- Bytes in the partition for everything that has none of its own.
SELECT pg_relation_size('log_other');

-- name: purge_deliveries
-- Forget old tries to deliver, some at a time.
DELETE FROM deliveries WHERE (webhook, id) IN (
    SELECT webhook, id FROM deliveries WHERE sent_at < %(before)s LIMIT %(limit)s
);
