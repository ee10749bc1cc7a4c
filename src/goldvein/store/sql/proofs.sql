-- name: answers_without_decision
-- Every stored answer has one row in the log.
SELECT n.project, n.attempt FROM answers n
WHERE (SELECT count(*) FROM log l WHERE l.project = n.project AND l.task = n.task AND l.attempt = n.attempt
       AND l.kind = 'answer') <> 1
LIMIT %(limit)s;

-- name: decisions_without_answer
-- Every answer in the log is stored, and came to the attempt that it names.
SELECT l.project, l.attempt FROM log l
LEFT JOIN answers n ON n.project = l.project AND n.attempt = l.attempt AND n.choice = l.choice AND n.labeler = l.labeler
WHERE l.kind = 'answer' AND n.attempt IS NULL LIMIT %(limit)s;

-- name: attempts_out_of_step
-- An attempt is answered exactly if its answer is stored.
SELECT a.project, a.id FROM attempts a
LEFT JOIN answers n ON n.project = a.project AND n.attempt = a.id
WHERE (a.state = 'answered') <> (n.attempt IS NOT NULL) LIMIT %(limit)s;

-- name: labels_without_decision
-- Every labeler's label was let out by the gate or released, with the evidence that the label names.
SELECT b.project, b.id FROM labels b
WHERE b.basis = 'labeler' AND NOT EXISTS (
    SELECT FROM log l WHERE l.project = b.project AND l.task = b.task AND l.attempt = b.attempt AND l.labeler = b.labeler
    AND l.choice = (b.answer ->> 'choice')::smallint AND l.p_benchmarks = b.p_benchmarks AND l.benchmarks = b.benchmarks
    AND l.p_all = b.p_all AND l.policy_version = b.policy_version
    AND (l.kind = 'release' OR (l.kind = 'answer' AND l.decision = 'deliver')))
LIMIT %(limit)s;

-- name: decisions_without_label
-- Every answer that the gate let out, or that was released, is a label once.
SELECT l.project, l.attempt FROM log l
WHERE (l.kind = 'release' OR (l.kind = 'answer' AND l.decision = 'deliver'))
  AND (SELECT count(*) FROM labels b WHERE b.project = l.project AND b.task = l.task AND b.attempt = l.attempt) <> 1
LIMIT %(limit)s;

-- name: panel_labels_without_decision
-- Every label of the panel, or by a customer's own key, stands on a promotion or a drop that says so, or on another key; every
-- auditor's on another key.
SELECT b.project, b.id FROM labels b
WHERE b.basis IN ('panel', 'manual', 'auditor') AND NOT EXISTS (
    SELECT FROM log l WHERE l.project = b.project AND l.task = b.task
    AND (l.kind = 'key' OR (b.basis <> 'auditor' AND l.kind IN ('promote', 'drop')))
    AND l.choice = (b.answer ->> 'choice')::smallint)
LIMIT %(limit)s;

-- name: labels_in_other_words
-- A label's value is the text of the option that it names.
SELECT b.project, b.id FROM labels b
JOIN projects p ON p.id = b.project
JOIN task_inputs i ON i.project = b.project AND i.task = b.task
WHERE coalesce(p.classes, i.input -> 'options') ->> (b.answer ->> 'choice')::integer IS DISTINCT FROM b.answer ->> 'value'
LIMIT %(limit)s;

-- name: servings_out_of_step
-- An answer's log names how it was served: exposures of the benchmark, draw and rate, and the order of the options.
SELECT l.project, l.attempt FROM log l JOIN attempts a ON a.project = l.project AND a.id = l.attempt
WHERE l.kind = 'answer'
  AND (l.exposures IS DISTINCT FROM a.exposures
       OR (l.n IS NOT NULL AND (l.draw, l.rate, l.shown) IS DISTINCT FROM (a.draw, a.rate, a.shown)))
LIMIT %(limit)s;

-- name: times_out_of_step
-- The time on task in the log is that between showing and answering, or deferring; there is none where both are one moment.
SELECT l.project, l.attempt FROM log l JOIN answers n ON n.project = l.project AND n.attempt = l.attempt
JOIN attempts a ON a.project = l.project AND a.id = l.attempt
CROSS JOIN LATERAL (SELECT coalesce(a.deferred_at, n.received_at) - n.shown_at) AS on_task (time)
WHERE l.kind = 'answer' AND l.n IS NOT NULL
  AND l.milliseconds IS DISTINCT FROM CASE WHEN on_task.time > interval '0'
      THEN least(floor(extract(epoch FROM on_task.time) * 1000), 2147483647) END
LIMIT %(limit)s;

-- name: models_without_decision
-- Every model version was put in force by one opening or estimate, and the log names no other.
SELECT coalesce(m.project, l.project), coalesce(m.version, l.version) FROM model_versions m
FULL JOIN (SELECT project, model_version AS version, count(*) AS times FROM log
           WHERE (kind = 'open' AND model_version IS NOT NULL) OR (kind = 'model' AND decision = 'changed')
           GROUP BY project, model_version) l ON l.project = m.project AND l.version = m.version
WHERE m.version IS NULL OR l.times IS DISTINCT FROM 1 LIMIT %(limit)s;

-- name: alerts_out_of_step
-- Of every alert one event tells, and one row of the log with what it says; of what is no alert none.
SELECT coalesce(a.project, o.project), coalesce(a.id, o.alert) FROM alerts a
FULL JOIN (SELECT project, alert, count(*) AS times FROM outbox WHERE event = 'alert.opened' GROUP BY project, alert) o
       ON o.project = a.project AND o.alert = a.id
WHERE a.id IS NULL OR o.times IS DISTINCT FROM 1
   OR (SELECT count(*) FROM log l WHERE l.project = a.project AND l.kind = 'alert'
       AND l.detail @> (a.detail || jsonb_build_object('alert', a.id, 'kind', a.kind, 'subject', a.subject))) <> 1
LIMIT %(limit)s;

-- name: expired_without_event
-- Of every task that expired one event tells.
SELECT t.project, t.id FROM tasks t
LEFT JOIN (SELECT project, task, count(*) AS times FROM outbox WHERE event = 'task.expired' GROUP BY project, task) o
       ON o.project = t.project AND o.task = t.id
WHERE (t.state = 'expired') <> (o.times IS NOT NULL) OR o.times > 1 LIMIT %(limit)s;

-- name: tasks_out_of_step
-- A labelled task has a current label, and no other task has one.
SELECT t.project, t.id FROM tasks t
LEFT JOIN labels b ON b.project = t.project AND b.task = t.id AND b.withdrawn_at IS NULL
WHERE (t.state = 'labelled') <> (b.id IS NOT NULL) LIMIT %(limit)s;

-- name: tasks_left_alone
-- A task that waits is in the queue, in a labeler's hands or held: in one place at a time.
SELECT t.project, t.id FROM tasks t
WHERE t.state = 'queued'
  AND (SELECT count(*) FROM attempts a WHERE a.project = t.project AND a.task = t.id AND a.state IN ('open', 'leased')
       AND a.stage NOT IN ('benchmark', 'decoy', 'reference'))
    + (SELECT count(*) FROM holds h WHERE h.project = t.project AND h.task = t.id) = 0
LIMIT %(limit)s;

-- name: tasks_in_two_hands
-- No ordinary task is in two labelers' hands at once, and none that has ended is in anybody's; only one that has its label
-- may be with the panel, while it is a candidate.
SELECT a.project, a.task FROM attempts a JOIN tasks t ON t.project = a.project AND t.id = a.task
LEFT JOIN benchmarks b ON b.project = a.project AND b.task = a.task
WHERE a.state IN ('open', 'leased') AND a.stage NOT IN ('benchmark', 'decoy', 'reference')
GROUP BY a.project, a.task, t.state, b.state
HAVING count(*) > 1
    OR (t.state <> 'queued' AND NOT (t.state = 'labelled' AND coalesce(b.state, '') = 'candidate' AND bool_and(a.stage = 'panel')))
LIMIT %(limit)s;

-- name: leases_out_of_hand
-- A lease of a living project is in its labeler's hand, or the one that its labeler has deferred: nobody has more.
SELECT a.project, a.id FROM attempts a JOIN projects p ON p.id = a.project LEFT JOIN labelers w ON w.id = a.labeler
WHERE a.state = 'leased' AND p.state <> 'closed'
  AND (a.project, a.id) IS DISTINCT FROM (w.lease_project, w.lease_attempt)
  AND (a.project, a.id) IS DISTINCT FROM (w.deferred_project, w.deferred_attempt)
LIMIT %(limit)s;

-- name: candidates_left_alone
-- A candidate that has its label already is with the panel.
SELECT b.project, b.task FROM benchmarks b JOIN tasks t ON t.project = b.project AND t.id = b.task
WHERE b.state = 'candidate' AND t.state = 'labelled'
  AND NOT EXISTS (SELECT FROM attempts a WHERE a.project = b.project AND a.task = b.task AND a.stage = 'panel'
                  AND a.state IN ('open', 'leased'))
LIMIT %(limit)s;

-- name: labels_without_event
-- Every label has one event that tells of it.
SELECT b.project, b.id FROM labels b
LEFT JOIN (SELECT project, label, count(*) AS times FROM outbox WHERE event = 'label.created' GROUP BY project, label) o
       ON o.project = b.project AND o.label = b.id
WHERE o.times IS DISTINCT FROM 1 LIMIT %(limit)s;

-- name: withdrawals_without_decision
-- Every label that was taken back stands once in the log, with its reason.
SELECT b.project, b.id FROM labels b
WHERE b.withdrawn_at IS NOT NULL
  AND (SELECT count(*) FROM log l WHERE l.project = b.project AND l.task = b.task AND l.kind = 'withdraw'
       AND l.attempt IS NOT DISTINCT FROM b.attempt AND l.labeler IS NOT DISTINCT FROM b.labeler
       AND (l.detail ->> 'label')::bigint = b.id AND l.at = b.withdrawn_at AND l.decision IS NOT NULL) <> 1
LIMIT %(limit)s;

-- name: decisions_without_withdrawal
-- Every withdrawal in the log took a label back.
SELECT l.project, l.task FROM log l
LEFT JOIN labels b ON b.project = l.project AND b.task = l.task AND b.id = (l.detail ->> 'label')::bigint
WHERE l.kind = 'withdraw' AND b.withdrawn_at IS NULL LIMIT %(limit)s;

-- name: withdrawals_without_event
-- Of every label that was taken back one event tells, and of no other.
SELECT b.project, b.id FROM labels b
LEFT JOIN (SELECT project, label, count(*) AS times FROM outbox WHERE event = 'label.withdrawn' GROUP BY project, label) o
       ON o.project = b.project AND o.label = b.id
WHERE (b.withdrawn_at IS NOT NULL) <> (o.times IS NOT NULL) OR o.times > 1 LIMIT %(limit)s;

-- name: replacements_out_of_step
-- A label names the one before it of its task, which was taken back first; the first of a task names none.
SELECT b.project, b.id FROM labels b
LEFT JOIN LATERAL (
    SELECT w.id, w.withdrawn_at FROM labels w
    WHERE w.project = b.project AND w.task = b.task AND w.withdrawn_at IS NOT NULL AND w.id < b.id
    ORDER BY w.id DESC LIMIT 1) AS before ON true
WHERE b.replaces IS DISTINCT FROM before.id OR before.withdrawn_at > b.delivered_at LIMIT %(limit)s;

-- name: audits_out_of_step
-- What an audit moved a standing by is what its second answers come to, and it did so once.
SELECT l.project, l.labeler::bigint FROM log l
LEFT JOIN audits a ON a.project = l.project AND a.id = (l.detail ->> 'audit')::bigint AND a.labeler = l.labeler
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE s.said = s.choice) AS agreed, count(*) FILTER (WHERE s.said >= 0) AS answered
    FROM second_answers s WHERE s.project = a.project AND s.audit = a.id AND NOT s.is_overlap) AS came
WHERE l.kind = 'audited'
  AND (a.id IS NULL OR ((l.detail ->> 'agreed')::bigint, (l.detail ->> 'of')::bigint) IS DISTINCT FROM (came.agreed, came.answered)
       OR (a.agreed, a.answered) IS DISTINCT FROM (came.agreed::integer, came.answered::integer)
       OR (SELECT count(*) FROM log o WHERE o.project = l.project AND o.labeler = l.labeler AND o.kind = 'audited'
           AND o.n IS NOT NULL AND o.detail ->> 'audit' = l.detail ->> 'audit') <> 1)
LIMIT %(limit)s;

-- name: positions_with_gaps
-- Positions run from 1 to the last without a gap.
SELECT o.project, max(o.position) FROM outbox o WHERE o.position IS NOT NULL
GROUP BY o.project HAVING max(o.position) <> count(*) OR min(o.position) <> 1 LIMIT %(limit)s;

-- name: holds_miscounted
-- A standing counts its held answers.
SELECT s.project, s.labeler::bigint FROM standings s
WHERE s.held <> (SELECT count(*) FROM holds h WHERE h.project = s.project AND h.labeler = s.labeler) LIMIT %(limit)s;

-- name: count_rows
-- How many rows the proofs cover.
SELECT (SELECT count(*) FROM log), (SELECT count(*) FROM answers), (SELECT count(*) FROM labels), (SELECT count(*) FROM tasks);

-- name: versions
-- Every model and policy version of a project.
SELECT 'model', version, model FROM model_versions WHERE project = %(project)s
UNION ALL SELECT 'policy', version, policy FROM policy_versions WHERE project = %(project)s;

-- name: labelers_of
-- The labelers of a project, page by page.
SELECT labeler FROM standings WHERE project = %(project)s AND labeler > %(after)s ORDER BY labeler LIMIT %(limit)s;

-- name: steps
-- The steps of some standings, in the order of their versions.
SELECT labeler, n, kind, attempt, task, stage, choice, shown, item_version, model_version, policy_version, p_benchmarks, p_all,
       benchmarks, decision, draw, exposures, milliseconds, detail
FROM log WHERE project = %(project)s AND labeler = ANY (%(labelers)s) AND n IS NOT NULL ORDER BY project, labeler, n, at;

-- name: lives_out_of_step
-- A benchmark is frozen exactly if the last of what the log says of its life is that it was frozen, or retired since; its past
-- answers count by an item version that the log names for that, and by the one in force while it is frozen.
SELECT b.project, b.task FROM benchmarks b
LEFT JOIN LATERAL (
    SELECT l.kind FROM log l WHERE l.project = b.project AND l.task = b.task AND l.kind IN ('freeze', 'thaw', 'key')
    ORDER BY l.id DESC LIMIT 1) AS last ON true
WHERE (b.state = 'frozen' AND last.kind IS DISTINCT FROM 'freeze')
   OR (last.kind = 'freeze' AND (b.state NOT IN ('frozen', 'retired') OR b.counts_as IS DISTINCT FROM b.item_version))
   OR (b.counts_as IS NOT NULL AND NOT EXISTS (
        SELECT FROM log l WHERE l.project = b.project AND l.task = b.task AND l.kind IN ('freeze', 'key')
        AND l.item_version = b.counts_as))
LIMIT %(limit)s;

-- name: items_struck_in_silence
-- An item version is struck out exactly if the log says that a benchmark was frozen by it.
SELECT coalesce(i.project, l.project), coalesce(i.task, l.task)
FROM (SELECT project, task, version FROM item_versions WHERE struck) i
FULL JOIN (SELECT project, task, item_version AS version FROM log WHERE kind = 'freeze') l
       ON l.project = i.project AND l.task = i.task AND l.version = i.version
WHERE i.version IS NULL OR l.version IS NULL LIMIT %(limit)s;

-- name: steps_after
-- The steps of one standing after a version, in order.
SELECT labeler, n, kind, attempt, task, stage, choice, shown, item_version, model_version, policy_version, p_benchmarks, p_all,
       benchmarks, decision, draw, exposures, milliseconds, detail
FROM log WHERE project = %(project)s AND labeler = %(labeler)s AND n > %(n)s ORDER BY project, labeler, n, at;

-- name: counted_as
-- Benchmarks whose past answers count by another item version than they were served by.
SELECT task, counts_as FROM benchmarks WHERE project = %(project)s AND counts_as IS NOT NULL;

-- name: recounts_decided
-- Item versions by which past answers were to count, as the log says of them.
SELECT task, item_version FROM log WHERE project = %(project)s AND kind IN ('freeze', 'key') AND item_version IS NOT NULL;

-- name: recent_steps
-- The steps of one standing since a time, and so many before, in the order of their versions.
WITH recent AS (
    SELECT min(n) AS n FROM log
    WHERE project = %(project)s AND labeler = %(labeler)s AND n IS NOT NULL AND at >= %(since)s
)
SELECT labeler, n, kind, attempt, task, stage, choice, shown, item_version, model_version, policy_version, p_benchmarks, p_all,
       benchmarks, decision, draw, exposures, milliseconds, detail
FROM log
WHERE project = %(project)s AND labeler = %(labeler)s AND n IS NOT NULL AND n >= (SELECT n FROM recent) - %(before)s
ORDER BY project, labeler, n, at;

-- name: withdrawals
-- Labels of some labelers that were taken back because their labeler changed, with what the log says of why.
SELECT l.labeler, b.id, l.attempt, l.p_benchmarks, l.benchmarks, l.policy_version, (l.detail ->> 'from')::bigint,
       (l.detail ->> 'version')::bigint, extract(epoch FROM l.at - b.delivered_at)::float8
FROM log l JOIN labels b ON b.project = l.project AND b.id = (l.detail ->> 'label')::bigint
WHERE l.project = %(project)s AND l.labeler = ANY (%(labelers)s) AND l.kind = 'withdraw' AND l.decision = 'labeler changed'
ORDER BY l.labeler, (l.detail ->> 'version')::bigint, b.id;

-- name: releases
-- Releases by labeler, with the version of the standing that let them out.
SELECT labeler, (detail ->> 'version')::bigint, attempt, p_benchmarks, benchmarks, policy_version, p_all FROM log
WHERE project = %(project)s AND labeler = ANY (%(labelers)s) AND kind = 'release';

-- name: stored
-- The standings as they are stored.
SELECT labeler, state, n, posterior, p_benchmarks, p_all, benchmarks, model_version, undecided FROM standings
WHERE project = %(project)s AND labeler = ANY (%(labelers)s);

-- name: kept
-- The held answers of some labelers, with what is known of each.
SELECT labeler, attempt, joint FROM holds WHERE project = %(project)s AND labeler = ANY (%(labelers)s);
