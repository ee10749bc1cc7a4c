-- name: lock
-- The labelers of a group, locked in key order: a labeler has one lease in hand at a time.
SELECT id, role, lease_project, lease_attempt, lease_expires_at, deferred_project, deferred_attempt,
       erased_at IS NOT NULL, sandbox
FROM labelers
WHERE id = ANY (%(labelers)s) ORDER BY id FOR UPDATE;

-- name: set_leases
-- What each labeler of a group has in hand now.
UPDATE labelers SET lease_project = held.project, lease_attempt = held.attempt, lease_expires_at = held.expires_at,
    seen_at = %(now)s
FROM unnest(%(labelers)s::integer[], %(projects)s::integer[], %(attempts)s::bigint[], %(expiries)s::timestamptz[])
     AS held (labeler, project, attempt, expires_at)
WHERE labelers.id = held.labeler;

-- name: defer
-- The lease that each of some labelers has deferred.
UPDATE labelers SET deferred_project = put_off.project, deferred_attempt = put_off.attempt
FROM unnest(%(labelers)s::integer[], %(projects)s::integer[], %(attempts)s::bigint[]) AS put_off (labeler, project, attempt)
WHERE labelers.id = put_off.labeler;

-- name: count_trusted
-- How many people may answer candidates of a project.
SELECT count(*) FROM panel_members WHERE project = %(project)s;
