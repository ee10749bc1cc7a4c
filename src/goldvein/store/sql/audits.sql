-- name: take_drawing
-- One drawing of a project at a time, until the transaction ends. No row is locked for it: who works holds labelers, and wants
-- the project's row then.
SELECT pg_try_advisory_xact_lock(hashtextextended('goldvein audits', %(project)s));

-- name: drawn_since
-- Of whom audits of a project were drawn since, the latest last, and which of them go on.
SELECT labeler, ended_at IS NULL FROM audits WHERE project = %(project)s AND drawn_at > %(since)s ORDER BY drawn_at;

-- name: work_of
-- Ordinary answers of some labelers, of the last so many steps of each standing: of tasks that are no benchmarks.
SELECT l.labeler, l.task, t.content, l.choice
FROM unnest(%(labelers)s::integer[], %(upto)s::bigint[]) AS w (labeler, upto)
JOIN log l ON l.project = %(project)s AND l.labeler = w.labeler AND l.n IS NOT NULL AND l.n > w.upto - %(steps)s
JOIN tasks t ON t.project = l.project AND t.id = l.task
WHERE l.kind = 'answer' AND l.stage = 'label' AND l.choice >= 0
  AND NOT EXISTS (SELECT FROM benchmarks b WHERE b.project = l.project AND b.task = l.task)
ORDER BY l.labeler, l.n;

-- name: insert
-- An audit that begins.
INSERT INTO audits (project, labeler, drawn_at, chance, wanted, delivers, p, model_version, posterior)
VALUES (%(project)s, %(labeler)s, %(now)s, %(chance)s, %(wanted)s, %(delivers)s, %(p)s, %(model_version)s, %(posterior)s)
ON CONFLICT DO NOTHING RETURNING id;

-- name: insert_pieces
-- What auditors answer a second time.
INSERT INTO second_answers (project, audit, labeler, task, content, choice, is_overlap, place)
SELECT %(project)s::integer, * FROM unnest(%(audits)s::bigint[], %(labelers)s::integer[], %(tasks)s::bigint[], %(contents)s::bigint[],
                                  %(choices)s::smallint[], %(overlaps)s::boolean[], %(places)s::float8[]);

-- name: next
-- The first piece that an auditor may answer: nobody's own work, and no content that this auditor has had. What is in other
-- hands is passed over; a second auditor comes after the first.
SELECT s.project, s.id, s.audit, s.task FROM second_answers s
JOIN projects p ON p.id = s.project AND p.state <> 'closed'
WHERE s.answered_at IS NULL AND s.labeler <> %(auditor)s
  AND (%(project)s::integer IS NULL OR s.project = %(project)s)
  AND (NOT s.is_overlap OR EXISTS (
        SELECT FROM second_answers f WHERE f.project = s.project AND f.audit = s.audit AND f.task = s.task
        AND NOT f.is_overlap AND f.answered_at IS NOT NULL))
  AND (s.place, s.project, s.id) > (%(place)s::float8, %(after_project)s::integer, %(after)s::bigint)
  AND (s.auditor = %(auditor)s OR (coalesce(s.claimed_until, '-infinity') <= %(now)s AND NOT EXISTS (
        SELECT FROM attempts a WHERE a.project = s.project AND a.content = s.content AND a.labeler = %(auditor)s)))
ORDER BY s.place, s.project, s.id LIMIT 1 FOR UPDATE OF s SKIP LOCKED;

-- name: claim
-- A piece is in an auditor's hands for a while.
UPDATE second_answers SET auditor = %(auditor)s, claimed_until = %(until)s
WHERE project = %(project)s AND id = %(id)s AND answered_at IS NULL;

-- name: lock_piece
-- One piece, locked.
SELECT project, id, audit, labeler, task, choice, is_overlap, place, auditor, claimed_until, said FROM second_answers
WHERE project = %(project)s AND id = %(id)s FOR UPDATE;

-- name: shown
-- What an auditor is shown of a task.
SELECT p.instruction, p.type, i.input, p.classes FROM projects p
JOIN task_inputs i ON i.project = p.id AND i.task = %(task)s WHERE p.id = %(project)s;

-- name: release
-- A piece is given back by whoever has it in hand.
UPDATE second_answers SET auditor = NULL, claimed_until = NULL
WHERE project = %(project)s AND id = %(id)s AND auditor = %(auditor)s AND answered_at IS NULL;

-- name: say
-- A piece is answered.
UPDATE second_answers SET auditor = %(auditor)s, said = %(said)s, shown = %(shown)s, answered_at = %(now)s, claimed_until = NULL
WHERE project = %(project)s AND id = %(id)s;

-- name: lock
-- An audit that goes on, locked, with what its pieces say so far.
WITH one AS (
    SELECT project, id, labeler FROM audits
    WHERE project = %(project)s AND id = %(id)s AND ended_at IS NULL FOR UPDATE
)
SELECT one.labeler, count(*) FILTER (WHERE s.said = s.choice), count(*) FILTER (WHERE s.said >= 0)
FROM one JOIN second_answers s ON s.project = one.project AND s.audit = one.id AND NOT s.is_overlap
GROUP BY one.labeler;

-- name: end
-- An audit is over.
UPDATE audits SET agreed = %(agreed)s, answered = %(answered)s, ended_at = %(now)s WHERE project = %(project)s AND id = %(id)s;

-- name: drop_pieces
-- Of an audit that is over nothing more is asked, but a second auditor where there was a first.
DELETE FROM second_answers s WHERE s.project = %(project)s AND s.audit = %(id)s AND s.answered_at IS NULL
  AND (NOT s.is_overlap OR NOT EXISTS (
        SELECT FROM second_answers f WHERE f.project = s.project AND f.audit = s.audit AND f.task = s.task
        AND NOT f.is_overlap AND f.answered_at IS NOT NULL));

-- name: drop_stale
-- What nobody answered in time is asked no more.
DELETE FROM second_answers s USING audits a
WHERE a.project = %(project)s AND a.drawn_at <= %(stale)s AND a.drawn_at > %(stale)s - interval '30 days'
  AND a.ended_at IS NOT NULL AND s.project = a.project AND s.audit = a.id AND s.answered_at IS NULL;

-- name: due
-- Audits that can end: all is answered, or their time is up.
SELECT a.id FROM audits a WHERE a.project = %(project)s AND a.ended_at IS NULL
  AND (a.drawn_at <= %(stale)s OR NOT EXISTS (
        SELECT FROM second_answers s WHERE s.project = a.project AND s.audit = a.id AND NOT s.is_overlap AND s.answered_at IS NULL))
ORDER BY a.id;

-- name: ended
-- Audits that ended since, for an estimate: those that tell something, the latest of each labeler; with the version of the
-- standing that each came to.
SELECT a.id, a.labeler, a.delivers, a.p, a.model_version, a.posterior, a.agreed, a.answered, l.n
FROM (
    SELECT DISTINCT ON (labeler) id, labeler, delivers, p, model_version, posterior, agreed, answered, project, ended_at FROM audits
    WHERE project = %(project)s AND ended_at >= %(since)s AND answered > 0 ORDER BY labeler, id DESC) AS a
LEFT JOIN log l ON l.project = a.project AND l.labeler = a.labeler AND l.at = a.ended_at AND l.n IS NOT NULL AND l.kind = 'audited';

-- name: overlaps
-- Answers of two auditors to the same piece: how often they agree, and whose they are.
SELECT o.auditor, f.auditor, count(*) FILTER (WHERE o.said = f.said), count(*)
FROM second_answers o
JOIN second_answers f ON f.project = o.project AND f.audit = o.audit AND f.task = o.task AND NOT f.is_overlap
WHERE o.project = %(project)s AND o.is_overlap AND o.answered_at >= %(since)s AND o.said >= 0 AND f.said >= 0
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: waiting
-- How many pieces wait in each project, up to a bound of all; nobody is given those of a closed one.
SELECT project, name, count(*) FROM (
    SELECT s.project, p.name FROM second_answers s JOIN projects p ON p.id = s.project AND p.state <> 'closed'
    WHERE s.answered_at IS NULL ORDER BY s.place, s.project, s.id LIMIT %(bound)s) AS few
GROUP BY 1, 2 ORDER BY 1;

-- name: latest
-- Audits of a project, the latest first.
SELECT a.id, a.labeler, l.name, a.drawn_at, a.delivers, a.p, a.wanted, a.agreed, a.answered, a.ended_at FROM audits a
JOIN labelers l ON l.id = a.labeler WHERE a.project = %(project)s ORDER BY a.drawn_at DESC, a.id DESC LIMIT %(limit)s;

-- name: names_of
-- The names of some labelers.
SELECT id, name FROM labelers WHERE id = ANY (%(labelers)s);

-- name: save_check
-- How often the filter errs, as estimated now.
INSERT INTO filter_checks (project, at, audits, found) VALUES (%(project)s, %(now)s, %(audits)s, %(found)s)
ON CONFLICT (project, at) DO UPDATE SET audits = EXCLUDED.audits, found = EXCLUDED.found;

-- name: checks
-- Estimates of a project, the latest first.
SELECT at, audits, found FROM filter_checks WHERE project = %(project)s ORDER BY at DESC LIMIT %(limit)s;

-- name: ended_after
-- Whether an audit ended after a moment.
SELECT EXISTS (SELECT FROM audits WHERE project = %(project)s AND ended_at > %(since)s);
