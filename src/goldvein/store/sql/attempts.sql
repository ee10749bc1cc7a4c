-- name: insert_open
-- Wanted answers, each waiting for a labeler.
INSERT INTO attempts (project, task, content, stage, state, lane, due_at, urgency)
SELECT project, task, content, stage, 'open', lane, due_at, urgency
FROM unnest(%(projects)s::integer[], %(tasks)s::bigint[], %(contents)s::bigint[], %(stages)s::text[], %(lanes)s::smallint[],
            %(dues)s::timestamptz[], %(urgencies)s::integer[])
     AS new (project, task, content, stage, lane, due_at, urgency);

-- name: insert_leased
-- Servings of benchmarks, and directed leases: attempts that begin in a labeler's hands. A benchmark that has spent its budget,
-- by what every process has served of it, is left out.
INSERT INTO attempts (project, task, content, stage, state, lane, due_at, urgency, fence, labeler, shown, shown_at, expires_at,
                      rate, draw, exposures)
SELECT project, task, content, stage, 'leased', 1, due_at, 0, 1, labeler,
       string_to_array(shown, ',')::smallint[], %(now)s, expires_at, rate, draw,
       exposures + served
FROM (SELECT new.*, (SELECT b.exposures FROM benchmarks b WHERE b.project = new.project AND b.task = new.task) AS served
      FROM unnest(%(projects)s::integer[], %(tasks)s::bigint[], %(contents)s::bigint[], %(stages)s::text[], %(dues)s::timestamptz[],
                  %(labelers)s::integer[], %(shown)s::text[], %(expiries)s::timestamptz[], %(rates)s::real[], %(draws)s::real[],
                  %(exposures)s::integer[], %(budgets)s::integer[])
           AS new (project, task, content, stage, due_at, labeler, shown, expires_at, rate, draw, exposures, budget)) AS new
WHERE coalesce(exposures + served < budget, true)
ON CONFLICT DO NOTHING
RETURNING project, task, labeler, id;

-- name: lock
-- Attempts that a group is about, locked in key order.
SELECT project, id, task, content, stage, state, due_at, urgency, fence, labeler, shown, shown_at, expires_at, rate, draw,
       exposures, deferred_at, begun_at
FROM attempts WHERE (project, id) IN (SELECT * FROM unnest(%(projects)s::integer[], %(attempts)s::bigint[]))
ORDER BY project, id FOR UPDATE;

-- name: lock_of_tasks
-- The unfinished attempts of some tasks, decoys apart, locked in key order.
SELECT project, id, task, content, stage, state, due_at, urgency, fence, labeler, shown, shown_at, expires_at, rate, draw,
       exposures, deferred_at, begun_at
FROM attempts WHERE project = %(project)s AND task = ANY (%(tasks)s) AND state IN ('open', 'leased') AND stage <> 'decoy'
ORDER BY project, id FOR UPDATE;

-- name: take_open
-- The head of a project's queue from a place on; rows in other hands are passed over.
SELECT project, id, task, content, due_at, urgency, fence, lane FROM attempts
WHERE project = %(project)s AND stage = %(stage)s AND state = 'open' AND id <> ALL (%(passed)s)
  AND (lane, due_at, urgency, id) >= (%(lane)s, %(due_at)s, %(urgency)s, %(id)s)
ORDER BY project, stage, lane, due_at, urgency, id
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED;

-- name: take_unmined
-- The head of the queue of ordinary work from a place on, without tasks that were mined before.
SELECT project, id, task, content, due_at, urgency, fence, lane FROM attempts
WHERE project = %(project)s AND stage = 'label' AND state = 'open' AND id <> ALL (%(passed)s)
  AND (lane, due_at, urgency, id) >= (%(lane)s, %(due_at)s, %(urgency)s, %(id)s)
  AND NOT EXISTS (SELECT FROM benchmarks b WHERE b.project = attempts.project AND b.task = attempts.task)
ORDER BY project, stage, lane, due_at, urgency, id
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED;

-- name: take_unseen
-- The first ordinary work from a place on whose content a labeler has had in none of some projects.
SELECT project, id, task, content, due_at, urgency, fence, lane FROM attempts
WHERE project = %(project)s AND stage = 'label' AND state = 'open' AND id <> ALL (%(passed)s)
  AND (lane, due_at, urgency, id) >= (%(lane)s, %(due_at)s, %(urgency)s, %(id)s)
  AND NOT EXISTS (SELECT FROM attempts seen WHERE seen.project = ANY (%(projects)s::integer[])
                  AND seen.content = attempts.content AND seen.labeler = %(labeler)s)
ORDER BY project, stage, lane, due_at, urgency, id
LIMIT 1
FOR UPDATE SKIP LOCKED;

-- name: seen_contents
-- Which of these contents any of these labelers has had before: for a few labelers.
SELECT content, labeler FROM attempts
WHERE project = %(project)s AND content = ANY (%(contents)s) AND labeler = ANY (%(labelers)s);

-- name: seen_pairs_in
-- Which of these pairs of content and labeler were together before, in any of some projects.
SELECT a.content, a.labeler FROM unnest(%(contents)s::bigint[], %(labelers)s::integer[]) AS pair (content, labeler)
CROSS JOIN unnest(%(projects)s::integer[]) AS kin (project)
JOIN attempts a ON a.project = kin.project AND a.content = pair.content AND a.labeler = pair.labeler;

-- name: seen_pairs
-- Which of these pairs of content and labeler were together before.
SELECT a.content, a.labeler FROM unnest(%(contents)s::bigint[], %(labelers)s::integer[]) AS pair (content, labeler)
JOIN attempts a ON a.project = %(project)s AND a.content = pair.content AND a.labeler = pair.labeler;

-- name: lease
-- Open attempts go into labelers' hands.
UPDATE attempts SET state = 'leased', stage = given.stage, fence = fence + 1, labeler = given.labeler,
    shown = string_to_array(given.shown, ',')::smallint[], shown_at = %(now)s, expires_at = given.expires_at, rate = given.rate,
    draw = given.draw
FROM unnest(%(projects)s::integer[], %(attempts)s::bigint[], %(stages)s::text[], %(labelers)s::integer[], %(shown)s::text[],
            %(expiries)s::timestamptz[], %(rates)s::real[], %(draws)s::real[])
     AS given (project, id, stage, labeler, shown, expires_at, rate, draw)
WHERE attempts.project = given.project AND attempts.id = given.id;

-- name: end
-- Attempts that came to their end.
UPDATE attempts SET state = ended.state
FROM unnest(%(projects)s::integer[], %(attempts)s::bigint[], %(states)s::text[]) AS ended (project, id, state)
WHERE attempts.project = ended.project AND attempts.id = ended.id;

-- name: defer
-- Leases with which their labelers are done for now; they stay leases.
UPDATE attempts SET deferred_at = %(now)s
WHERE (project, id) IN (SELECT * FROM unnest(%(projects)s::integer[], %(attempts)s::bigint[]));

-- name: begin
-- Leases that their labelers turn to only now.
UPDATE attempts SET begun_at = %(now)s
WHERE (project, id) IN (SELECT * FROM unnest(%(projects)s::integer[], %(attempts)s::bigint[]));

-- name: renew
-- More time for a lease.
UPDATE attempts SET expires_at = %(expires_at)s WHERE project = %(project)s AND id = %(attempt)s;

-- name: take_lapsed
-- Leases that ran out, locked: their tasks go to somebody else.
SELECT project, id, task, content, stage, due_at, urgency FROM attempts
WHERE project = %(project)s AND state = 'leased' AND expires_at < %(now)s AND id <> ALL (%(passed)s)
ORDER BY expires_at LIMIT %(limit)s
FOR UPDATE SKIP LOCKED;

-- name: take_overdue
-- Waiting attempts of tasks without a label whose deadline has passed, locked.
SELECT project, id, task FROM attempts
WHERE project = %(project)s AND stage = %(stage)s AND state = 'open' AND lane = %(lane)s AND due_at < %(now)s
  AND EXISTS (SELECT FROM tasks t WHERE t.project = attempts.project AND t.id = attempts.task AND t.state = 'queued')
ORDER BY project, stage, lane, due_at, urgency, id
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED;

-- name: count_open
-- How long a queue is, counted up to a bound.
SELECT count(*) FROM (SELECT FROM attempts WHERE project = %(project)s AND stage = %(stage)s AND state = 'open'
                      LIMIT %(bound)s) AS head;

-- name: end_decoys
-- Tasks that ended go to no second person any more.
UPDATE attempts SET state = 'closed'
WHERE project = %(project)s AND task = ANY (%(tasks)s) AND stage = 'decoy' AND state = 'open';

-- name: taken_since
-- Whether any lease of ordinary work that is out was given after a moment.
SELECT EXISTS (SELECT FROM attempts WHERE project = %(project)s AND state = 'leased' AND expires_at > %(moment)s
               AND stage = 'label' AND shown_at > %(moment)s);

-- name: mined_places
-- Those of some tasks that are with the panel: in its queue or in hand.
SELECT DISTINCT task FROM attempts
WHERE project = %(project)s AND task = ANY (%(tasks)s) AND stage = 'panel' AND state IN ('open', 'leased');

-- name: first_due
-- The earliest deadline that waits.
SELECT min(due_at) FROM (
    (SELECT due_at FROM attempts WHERE project = %(project)s AND stage = 'label' AND state = 'open' AND lane = 0
     ORDER BY project, stage, lane, due_at, urgency, id LIMIT 1)
    UNION ALL
    (SELECT due_at FROM attempts WHERE project = %(project)s AND stage = 'label' AND state = 'open' AND lane = 1
     ORDER BY project, stage, lane, due_at, urgency, id LIMIT 1)) AS heads;

-- name: count_leased
-- How many leases are out.
SELECT count(*) FROM attempts WHERE project = %(project)s AND state = 'leased';

-- name: left_in_closed
-- Tasks of closed projects that still wait: in the queue, in hands or held.
SELECT p.id, left_over.task FROM projects p
CROSS JOIN LATERAL (
    (SELECT a.task FROM attempts a WHERE a.project = p.id AND a.stage IN ('label', 'panel') AND a.state = 'open'
     LIMIT %(limit)s)
    UNION
    (SELECT a.task FROM attempts a WHERE a.project = p.id AND a.state = 'leased' AND a.stage NOT IN ('benchmark', 'decoy', 'reference')
     LIMIT %(limit)s)
    UNION
    (SELECT h.task FROM holds h WHERE h.project = p.id LIMIT %(limit)s)) AS left_over
WHERE p.state = 'closed' LIMIT %(limit)s;
