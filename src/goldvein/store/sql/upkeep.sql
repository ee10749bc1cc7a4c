-- name: lock
-- One process at a time makes partitions.
SELECT pg_advisory_xact_lock(1735355492, -1);

-- name: patience
-- Rather give up than let answers queue up behind our wait for a lock.
SET LOCAL lock_timeout = '2s';

-- name: exists
-- Whether there is a table of that name.
SELECT to_regclass(%(table)s) IS NOT NULL;

-- name: strays
-- How many log rows of a day lie in the partition for everything else, counted up to a limit.
SELECT count(*) FROM (SELECT FROM log_other WHERE at >= %(first)s AND at < %(end)s LIMIT %(limit)s) AS some;

-- name: purge_deliveries
-- Forget old tries to deliver, some at a time.
DELETE FROM deliveries WHERE (webhook, id) IN (
    SELECT webhook, id FROM deliveries WHERE sent_at < %(before)s LIMIT %(limit)s
);
