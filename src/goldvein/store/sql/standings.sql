-- name: lock
-- The standings of a group, locked in key order.
SELECT project, labeler, state, panel, n, model_version, posterior, p_benchmarks, p_all, benchmarks, undecided, answers,
       skips, held, grace, seen, admitted_at, review_wanted
FROM standings
WHERE (project, labeler) IN (SELECT * FROM unnest(%(projects)s::integer[], %(labelers)s::integer[]))
ORDER BY project, labeler FOR UPDATE;

-- name: find
-- One standing as it is now; nothing is locked.
SELECT project, labeler, state, panel, n, model_version, posterior, p_benchmarks, p_all, benchmarks, undecided, answers,
       skips, held, grace, seen, admitted_at, review_wanted
FROM standings WHERE project = %(project)s AND labeler = %(labeler)s;

-- name: latest_elsewhere
-- A labeler's standings in other projects, those that moved last first. What is done in a sandbox is no evidence outside of it.
SELECT project, labeler, state, panel, n, model_version, posterior, p_benchmarks, p_all, benchmarks, undecided, answers,
       skips, held, grace, seen, admitted_at, review_wanted
FROM standings WHERE labeler = %(labeler)s AND project <> %(project)s AND benchmarks > 0
  AND NOT EXISTS (SELECT FROM projects p WHERE p.id = standings.project AND p.sandbox_of IS NOT NULL)
ORDER BY updated_at DESC, project LIMIT %(limit)s;

-- name: insert
-- A labeler is let in.
INSERT INTO standings (project, labeler, state, panel, n, model_version, posterior, p_benchmarks, p_all, benchmarks, answers,
                       seen, admitted_at, updated_at)
VALUES (%(project)s, %(labeler)s, %(state)s, %(panel)s, 0, %(model_version)s, %(posterior)s, %(p_benchmarks)s, %(p_all)s, 0, 0,
        %(seen)s, %(now)s, %(now)s);

-- name: save
-- The standings of a group after its answers, skips and servings.
UPDATE standings SET state = new.state, panel = new.panel, n = new.n, model_version = new.model_version,
    posterior = new.posterior, p_benchmarks = new.p_benchmarks, p_all = new.p_all, benchmarks = new.benchmarks,
    undecided = new.undecided, answers = new.answers, skips = new.skips, held = new.held, grace = new.grace, seen = new.seen,
    review_wanted = new.review_wanted, updated_at = %(now)s
FROM unnest(%(projects)s::integer[], %(labelers)s::integer[], %(states)s::text[], %(panels)s::text[], %(ns)s::bigint[],
            %(model_versions)s::integer[], %(posteriors)s::bytea[], %(p_benchmarks)s::float8[], %(p_all)s::float8[],
            %(benchmarks)s::integer[], %(undecided)s::integer[], %(answers)s::bigint[], %(skips)s::integer[],
            %(held)s::integer[], %(graces)s::integer[], %(seen)s::bytea[], %(reviews_wanted)s::bigint[])
     AS new (project, labeler, state, panel, n, model_version, posterior, p_benchmarks, p_all, benchmarks, undecided, answers,
             skips, held, grace, seen, review_wanted)
WHERE standings.project = new.project AND standings.labeler = new.labeler;

-- name: readmit
-- Somebody who had been dismissed begins anew: cards count from here.
UPDATE standings SET admitted_at = %(now)s, readmitted_at = %(now)s WHERE project = %(project)s AND labeler = %(labeler)s;

-- name: list_project
-- All standings of a project, page by page.
SELECT s.project, s.labeler, l.name, s.state, s.panel, s.n, s.p_benchmarks, s.p_all, s.benchmarks, s.answers, s.skips, s.held,
       s.posterior, s.model_version
FROM standings s JOIN labelers l ON l.id = s.labeler
WHERE s.project = %(project)s AND s.labeler > %(after)s ORDER BY s.labeler LIMIT %(limit)s;

-- name: insert_holds
-- Answers kept back.
INSERT INTO holds (project, labeler, attempt, task, expires_at, joint)
SELECT * FROM unnest(%(projects)s::integer[], %(labelers)s::integer[], %(attempts)s::bigint[], %(tasks)s::bigint[],
                     %(expiries)s::timestamptz[], %(joints)s::bytea[]);

-- name: lock_holds
-- The held answers of some labelers, locked in key order.
SELECT project, labeler, attempt, task, expires_at, joint FROM holds
WHERE (project, labeler) IN (SELECT * FROM unnest(%(projects)s::integer[], %(labelers)s::integer[]))
ORDER BY project, labeler, attempt FOR UPDATE;

-- name: save_holds
-- What is now known of held answers.
UPDATE holds SET joint = new.joint
FROM unnest(%(projects)s::integer[], %(labelers)s::integer[], %(attempts)s::bigint[], %(joints)s::bytea[])
     AS new (project, labeler, attempt, joint)
WHERE holds.project = new.project AND holds.labeler = new.labeler AND holds.attempt = new.attempt;

-- name: delete_holds
-- Held answers that were released or discarded.
DELETE FROM holds WHERE (project, attempt) IN (SELECT * FROM unnest(%(projects)s::integer[], %(attempts)s::bigint[]))
RETURNING project, labeler, attempt, task;

-- name: expired_holds
-- Held answers whose time is up.
SELECT project, labeler, attempt FROM holds WHERE project = %(project)s AND expires_at < %(now)s
ORDER BY expires_at LIMIT %(limit)s;

-- name: holds_of_tasks
-- Held answers of some tasks.
SELECT project, labeler, attempt FROM holds
WHERE (project, task) IN (SELECT * FROM unnest(%(projects)s::integer[], %(tasks)s::bigint[]));

-- name: unheld
-- Fewer held answers of some labelers.
UPDATE standings SET held = held - gone.count
FROM unnest(%(projects)s::integer[], %(labelers)s::integer[], %(counts)s::integer[]) AS gone (project, labeler, count)
WHERE standings.project = gone.project AND standings.labeler = gone.labeler;

-- name: reviews_wanted
-- Standings whose past labels are to be looked at again, with the version since which.
SELECT labeler, review_wanted FROM standings WHERE project = %(project)s AND review_wanted IS NOT NULL
ORDER BY review_wanted LIMIT %(limit)s;

-- name: try_to_review
-- True for the one process that may look at this labeler's past now, until its transaction ends.
SELECT pg_try_advisory_xact_lock(1735355493, %(labeler)s);

-- name: reviewed
-- A standing's past was looked at up to a version; later benchmarks ask again.
UPDATE standings SET review_wanted = NULL
WHERE project = %(project)s AND labeler = %(labeler)s AND review_wanted <= %(version)s;
