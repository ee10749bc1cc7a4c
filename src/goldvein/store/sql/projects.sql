-- name: insert
-- A new project, waiting for its first benchmarks.
INSERT INTO projects (customer, name, instruction, type, classes, deadline_seconds, state, supply_target, created_at, copy_of)
VALUES (%(customer)s, %(name)s, %(instruction)s, %(type)s, %(classes)s, %(deadline_seconds)s, %(state)s, %(supply_target)s, %(now)s,
        %(copy_of)s)
RETURNING id;

-- name: get
-- One project.
SELECT id, customer, name, instruction, type, classes, deadline_seconds, state, revision, policy_version, model_version,
       admitted, supply_target, created_at, opened_at, copy_of, carried, family, sandbox_of, warm_per_day, warm_on,
       closed_at, contents
FROM projects WHERE id = %(project)s;

-- name: lock
-- One project, against two changes at once: the strongest lock, taken by rare operations only.
SELECT id, customer, name, instruction, type, classes, deadline_seconds, state, revision, policy_version, model_version,
       admitted, supply_target, created_at, opened_at, copy_of, carried, family, sandbox_of, warm_per_day, warm_on,
       closed_at, contents
FROM projects WHERE id = %(project)s FOR UPDATE;

-- name: list_all
-- All projects, of one customer where one is given.
SELECT id, customer, name, instruction, type, classes, deadline_seconds, state, revision, policy_version, model_version,
       admitted, supply_target, created_at, opened_at, copy_of, carried, family, sandbox_of, warm_per_day, warm_on,
       closed_at, contents
FROM projects WHERE (%(customer)s::integer IS NULL OR customer = %(customer)s) ORDER BY id;

-- name: page
-- The latest projects before one, with the names of their customers; of one customer or in one state where given.
SELECT p.id, p.customer, p.name, p.instruction, p.type, p.classes, p.deadline_seconds, p.state, p.revision, p.policy_version,
       p.model_version, p.admitted, p.supply_target, p.created_at, p.opened_at, p.copy_of, p.carried, p.family, p.sandbox_of, p.warm_per_day, p.warm_on,
       p.closed_at, p.contents, c.name
FROM projects p JOIN customers c ON c.id = p.customer
WHERE p.id < %(before)s AND (%(customer)s::integer IS NULL OR p.customer = %(customer)s)
  AND (%(state)s::text IS NULL OR p.state = %(state)s)
ORDER BY p.id DESC LIMIT %(limit)s;

-- name: list_working
-- The latest projects in which somebody may be at work, as people know them: without sandboxes.
SELECT id, customer, name, instruction, type, classes, deadline_seconds, state, revision, policy_version, model_version,
       admitted, supply_target, created_at, opened_at, copy_of, carried, family, sandbox_of, warm_per_day, warm_on,
       closed_at, contents
FROM projects WHERE state IN ('mining', 'open') AND sandbox_of IS NULL ORDER BY id DESC LIMIT %(limit)s;

-- name: count_under_way
-- How many projects of a customer are looked at when somebody asks for work, up to a bound.
SELECT count(*) FROM (SELECT FROM projects WHERE customer = %(customer)s AND state IN ('mining', 'open', 'paused') LIMIT %(bound)s) AS s;

-- name: revisions
-- What a process compares with what it has cached.
SELECT id, revision FROM projects WHERE state IN ('mining', 'open', 'paused');

-- name: update
-- New values of a project's fields; every process sees the new revision.
UPDATE projects SET name = %(name)s, instruction = %(instruction)s, state = %(state)s, policy_version = %(policy_version)s,
    deadline_seconds = %(deadline_seconds)s, revision = revision + 1,
    closed_at = CASE WHEN %(state)s = 'closed' THEN coalesce(closed_at, %(now)s) END
WHERE id = %(project)s;

-- name: open
-- The project has enough benchmarks: the crowd may come.
UPDATE projects SET state = 'open', opened_at = %(now)s, model_version = %(model_version)s, revision = revision + 1
WHERE id = %(project)s;

-- name: lead_model
-- Another model version is in force.
UPDATE projects SET model_version = %(model_version)s, revision = revision + 1 WHERE id = %(project)s;

-- name: take_estimation
-- One estimation of a project at a time.
SELECT pg_try_advisory_xact_lock(hashtextextended('goldvein estimation', %(project)s));

-- name: next_revision
-- A change of its benchmarks: every process reloads what changed.
UPDATE projects SET revision = revision + 1 WHERE id = %(project)s RETURNING revision;

-- name: next_ordinal
-- The place of a new benchmark in the bitmaps of what labelers have seen.
UPDATE projects SET last_ordinal = last_ordinal + 1 WHERE id = %(project)s RETURNING last_ordinal;

-- name: count_admission
-- One labeler more, or less, of those whom the supply can test; not more than the capacity.
UPDATE projects SET admitted = admitted + %(change)s
WHERE id = %(project)s AND (%(change)s < 0 OR admitted < %(capacity)s)
RETURNING admitted;

-- name: raise_supply_target
-- Mining goes on until so many benchmarks are active.
UPDATE projects SET supply_target = %(target)s, revision = revision + 1
WHERE id = %(project)s AND supply_target < %(target)s;

-- name: insert_policy
-- A version of the policy; versions are never changed.
INSERT INTO policy_versions (project, version, policy, made_at, account)
VALUES (%(project)s, %(version)s, %(policy)s, %(now)s, %(account)s);

-- name: get_policy
-- One version of the policy.
SELECT policy FROM policy_versions WHERE project = %(project)s AND version = %(version)s;

-- name: policy_at
-- The policy that was in force at a moment.
SELECT policy FROM policy_versions WHERE project = %(project)s AND made_at <= %(at)s ORDER BY version DESC LIMIT 1;

-- name: policy_history
-- The versions of the policy before one, the latest first, with who made them.
SELECT v.version, v.policy, v.made_at, a.login FROM policy_versions v LEFT JOIN accounts a ON a.id = v.account
WHERE v.project = %(project)s AND v.version < %(before)s ORDER BY v.version DESC LIMIT %(limit)s;

-- name: insert_model
-- A version of everything learned; versions are never changed.
INSERT INTO model_versions (project, version, model, made_at) VALUES (%(project)s, %(version)s, %(model)s, %(now)s);

-- name: get_model
-- One version of the model.
SELECT model FROM model_versions WHERE project = %(project)s AND version = %(version)s;

-- name: customer_exists
-- Whether there is such a customer.
SELECT 1 FROM customers WHERE id = %(customer)s;

-- name: get_lease_key
-- The key of the lease tokens, made with the database.
SELECT lease_key FROM instance;

-- name: kin
-- The other projects that share benchmarks with one.
SELECT k.id FROM projects p JOIN projects k ON k.family = p.family AND k.id <> p.id WHERE p.id = %(project)s ORDER BY k.id;

-- name: sandboxes_of
-- The sandboxes of a project.
SELECT id FROM projects WHERE sandbox_of = %(project)s ORDER BY id;

-- name: join_family
-- A copy and its original share benchmarks; every process sees that of all of their family, locked in key order.
UPDATE projects SET family = kin.family, revision = revision + 1, carried = CASE WHEN projects.id = %(copy)s THEN %(carried)s ELSE carried END
FROM (SELECT o.id, f.family FROM (SELECT coalesce(family, id) AS family FROM projects WHERE id = %(project)s) AS f
      JOIN projects o ON o.id IN (%(project)s, %(copy)s) OR o.family = f.family ORDER BY o.id FOR UPDATE OF o) AS kin
WHERE projects.id = kin.id;
