-- name: state
-- Where a project's start without anybody trusted stands.
SELECT state FROM bootstraps WHERE project = %(project)s;

-- name: lock
-- The same, against two conclusions at once.
SELECT state FROM bootstraps WHERE project = %(project)s FOR UPDATE;

-- name: find
-- The whole row, for reports.
SELECT state, begun_at, ended_at, why FROM bootstraps WHERE project = %(project)s;

-- name: begin
-- A project begins without anybody trusted; one that was refused begins anew.
INSERT INTO bootstraps (project, state, begun_at) VALUES (%(project)s, 'collecting', %(now)s)
ON CONFLICT (project) DO UPDATE SET state = 'collecting', begun_at = excluded.begun_at, ended_at = NULL, why = NULL;

-- name: finish
-- What became of it.
UPDATE bootstraps SET state = %(state)s, ended_at = %(now)s, why = %(why)s WHERE project = %(project)s;

-- name: take_in
-- The head of the queue of ordinary work becomes tasks that everybody answers.
WITH head AS MATERIALIZED (
    SELECT id FROM attempts
    WHERE project = %(project)s AND stage = 'label' AND state = 'open' AND id <> ALL (%(passed)s)
      AND NOT EXISTS (SELECT FROM benchmarks b WHERE b.project = attempts.project AND b.task = attempts.task)
    ORDER BY project, stage, lane, due_at, urgency, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE attempts SET stage = 'panel' FROM head WHERE attempts.project = %(project)s AND attempts.id = head.id
    RETURNING attempts.task
)
INSERT INTO benchmarks (project, task, state, basis, revision, created_at)
SELECT %(project)s, task, 'candidate', 'bootstrap', 0, %(now)s FROM moved;

-- name: progress
-- Of the tasks that everybody answers: how many there are, how many have enough answers, how many answers, and from how many.
SELECT count(*), count(*) FILTER (WHERE given >= %(answers)s), coalesce(sum(given), 0),
       (SELECT count(DISTINCT a.labeler) FROM attempts a JOIN benchmarks b ON b.project = a.project AND b.task = a.task
        WHERE a.project = %(project)s AND a.stage = 'panel' AND a.state = 'answered' AND b.basis = 'bootstrap'
          AND b.state = 'candidate')
FROM (SELECT (SELECT count(*) FROM attempts a WHERE a.project = b.project AND a.task = b.task AND a.stage = 'panel'
              AND a.state = 'answered') AS given
      FROM benchmarks b WHERE b.project = %(project)s AND b.state = 'candidate' AND b.basis = 'bootstrap') AS tasks;

-- name: wanting
-- Tasks that everybody answers and that want more answers, in no order at all, so that nobody can meet a friend there.
SELECT a.project, a.id, a.task, a.content, a.due_at, a.urgency, a.fence, a.lane FROM attempts a
JOIN benchmarks b ON b.project = a.project AND b.task = a.task AND b.state = 'candidate' AND b.basis = 'bootstrap'
WHERE a.project = %(project)s AND a.stage = 'panel' AND a.state = 'open' AND a.id <> ALL (%(passed)s)
  AND (SELECT count(*) FROM attempts given WHERE given.project = a.project AND given.task = a.task
       AND given.stage = 'panel' AND given.state = 'answered') < %(answers)s
ORDER BY md5(a.id || %(salt)s) LIMIT %(limit)s
FOR UPDATE OF a SKIP LOCKED;

-- name: given
-- How many of the tasks that everybody answers each of some labelers has had.
SELECT a.labeler, count(*) FROM attempts a
JOIN benchmarks b ON b.project = a.project AND b.task = a.task AND b.state = 'candidate' AND b.basis = 'bootstrap'
WHERE a.project = %(project)s AND a.labeler = ANY (%(labelers)s) AND a.stage = 'panel' GROUP BY a.labeler;

-- name: own
-- Which of some tasks everybody answers.
SELECT task FROM benchmarks
WHERE project = %(project)s AND task = ANY (%(tasks)s) AND state = 'candidate' AND basis = 'bootstrap';

-- name: tasks
-- All tasks that everybody answers.
SELECT task FROM benchmarks WHERE project = %(project)s AND state = 'candidate' AND basis = 'bootstrap' ORDER BY task;

-- name: answers
-- What everybody said of them, with the order in which the options were shown.
SELECT a.labeler, a.task, n.choice, a.shown, n.received_at FROM benchmarks b
JOIN attempts a ON a.project = b.project AND a.task = b.task AND a.stage = 'panel' AND a.state = 'answered'
JOIN answers n ON n.project = a.project AND n.attempt = a.id
WHERE b.project = %(project)s AND b.state = 'candidate' AND b.basis = 'bootstrap' ORDER BY n.attempt;
