-- Ways to deceive `verify`, each of which it must see: one statement after its name.

-- name: a posterior
UPDATE standings SET posterior = set_byte(posterior, 6, get_byte(posterior, 6) # 8), p_benchmarks =
    p_benchmarks - 0.01 WHERE labeler = (SELECT min(labeler) FROM standings WHERE n > 5);

-- name: only the bits of a posterior
UPDATE standings SET posterior = set_byte(posterior, 6, get_byte(posterior, 6) # 8) WHERE labeler =
    (SELECT min(labeler) FROM standings);

-- name: a logged probability
UPDATE log SET p_benchmarks = p_benchmarks - 0.001 WHERE attempt = (SELECT min(attempt) FROM log WHERE
    stage = 'benchmark');

-- name: a decision
UPDATE log SET decision = 'hold' WHERE kind = 'answer' AND attempt = (SELECT min(attempt) FROM log WHERE
    kind = 'answer' AND decision = 'deliver');

-- name: a held answer that goes out
UPDATE log SET decision = 'deliver' WHERE ctid IN (SELECT ctid FROM log WHERE decision = 'hold' LIMIT 1);

-- name: a log row that goes
DELETE FROM log WHERE ctid IN (SELECT ctid FROM log WHERE n = 3 LIMIT 1);

-- name: the last row of a log
DELETE FROM log WHERE (labeler, n) IN (SELECT labeler, max(n) FROM log WHERE labeler IS NOT NULL GROUP BY
    labeler LIMIT 1);

-- name: a flipped answer
UPDATE answers SET choice = 3 - choice WHERE attempt = (SELECT min(attempt) FROM log WHERE kind =
    'answer' AND decision = 'deliver');

-- name: a flipped benchmark answer
UPDATE log SET choice = 3 - choice WHERE attempt = (SELECT min(attempt) FROM log WHERE stage =
    'benchmark');

-- name: a flipped label
UPDATE labels SET answer = jsonb_set(answer, '{choice}', to_jsonb(3 - (answer ->> 'choice')::int)) WHERE
    id = (SELECT min(id) FROM labels WHERE basis = 'labeler');

-- name: a flipped panel label
UPDATE labels SET answer = jsonb_set(answer, '{choice}', to_jsonb(3 - (answer ->> 'choice')::int)) WHERE
    id = (SELECT min(id) FROM labels WHERE basis = 'panel');

-- name: a label in other words
UPDATE labels SET answer = jsonb_set(answer, '{value}', '"something else"') WHERE id = (SELECT min(id) FROM
    labels);

-- name: a signal left out
UPDATE labels SET p_all = p_all + 0.001 WHERE id = (SELECT min(id) FROM labels WHERE basis = 'labeler');

-- name: another policy's label
UPDATE labels SET policy_version = policy_version + 1 WHERE id = (SELECT min(id) FROM labels WHERE basis =
    'labeler');

-- name: a task that expired in silence
WITH ended AS (UPDATE attempts SET state = 'closed' WHERE id = (SELECT min(id) FROM attempts WHERE state =
    'open') RETURNING task) UPDATE tasks SET state = 'expired' WHERE id = (SELECT task
    FROM ended);

-- name: evidence made better
UPDATE labels SET p_benchmarks = 0.999999 WHERE id = (SELECT min(id) FROM labels WHERE basis = 'labeler');

-- name: a label of nobody's
INSERT INTO labels (project, task, attempt, answer, basis, labeler, policy_version, answered_at,
    delivered_at) SELECT 1, min(id), 999999, '{"choice": 0}', 'labeler', 1, 1, now(), now() FROM tasks WHERE
    state = 'queued';

-- name: a label that goes
DELETE FROM labels WHERE id = (SELECT min(id) FROM labels WHERE basis = 'labeler');

-- name: an event that goes
DELETE FROM outbox WHERE id = (SELECT min(id) FROM outbox);

-- name: an event told twice
INSERT INTO outbox (project, event, task, label, created_at) SELECT project, event, task, label,
    created_at FROM outbox LIMIT 1;

-- name: a gap in the positions
UPDATE outbox SET position = position + 1000 WHERE position = (SELECT max(position) FROM outbox);

-- name: a standing made better
UPDATE standings SET p_benchmarks = 0.99 WHERE p_benchmarks < 0.9;

-- name: a dismissal undone
UPDATE standings SET state = 'admitted' WHERE state = 'dismissed';

-- name: a standing set back
UPDATE standings SET n = n - 1 WHERE n > 5;

-- name: more benchmarks than answered
UPDATE standings SET benchmarks = benchmarks + 1 WHERE n > 5;

-- name: a lost answer
DELETE FROM answers WHERE attempt = (SELECT min(attempt) FROM log WHERE kind = 'answer' AND decision =
    'deliver');

-- name: an answer nobody gave
INSERT INTO answers SELECT project, 999999, task, labeler, answer, choice, shown_at, received_at FROM
    answers LIMIT 1;

-- name: another's answer
UPDATE answers SET labeler = labeler + 1 WHERE attempt = (SELECT min(attempt) FROM log WHERE kind =
    'answer' AND decision = 'deliver');

-- name: a hold that goes
DELETE FROM holds WHERE ctid IN (SELECT ctid FROM holds LIMIT 1);

-- name: a task forgotten
UPDATE attempts SET state = 'closed' WHERE id = (SELECT min(id) FROM attempts WHERE state = 'open');

-- name: a task wanted twice
INSERT INTO attempts (project, task, content, stage, state, lane, due_at, urgency) SELECT project, task,
    content, stage, state, lane, due_at, urgency FROM attempts WHERE state = 'open' AND stage = 'label' LIMIT 1;

-- name: a labelled task that waits
UPDATE tasks SET state = 'queued' WHERE id = (SELECT min(task) FROM labels);

-- name: an item version changed
UPDATE item_versions SET likelihoods = (SELECT likelihoods FROM item_versions WHERE likelihoods IS NOT
    NULL ORDER BY task DESC LIMIT 1) WHERE likelihoods IS NOT NULL;

-- name: a policy changed
UPDATE policy_versions SET policy = jsonb_set(policy, '{deliver_at}', '0.9999');

-- name: an item version that is gone
DELETE FROM item_versions WHERE likelihoods IS NOT NULL;

-- name: a policy version that is gone
DELETE FROM policy_versions WHERE version = 1;

-- name: a serving taken for a fresher one
UPDATE log SET exposures = exposures + 7 WHERE attempt = (SELECT min(attempt) FROM log WHERE stage = 'benchmark');

-- name: a time on task
UPDATE log SET milliseconds = milliseconds + 1 WHERE attempt = (SELECT min(attempt) FROM log WHERE stage =
    'label');

-- name: a model changed
UPDATE model_versions SET model = jsonb_set(model, '{hazard}', '0.01');

-- name: a model version that is gone
DELETE FROM model_versions;

-- name: a standing on another model version
UPDATE standings SET model_version = model_version + 1 WHERE n > 5;

-- name: a newcomer who was heard of
UPDATE log SET detail = '{"elsewhere": [{"project": 2, "version": 9, "masses": {"good": 1.0, "bad": 0.0}}]}' WHERE
    kind = 'admit';

-- name: most of a posterior
UPDATE standings SET posterior = substr(posterior, 9) || substr(posterior, 1, 8) WHERE n > 5;

-- name: a boundary brought nearer
UPDATE standings SET undecided = undecided + 1 WHERE n > 5;

-- name: a held answer of which more is known
UPDATE holds SET joint = substr(joint, 9) || substr(joint, 1, 8);

-- name: a draw that found nothing
UPDATE log SET draw = 0 WHERE n = (SELECT max(n) FROM log WHERE decision = 'deliver') AND decision = 'deliver';

-- name: another order of options
UPDATE log SET shown = shown[2:] || shown[1] WHERE kind = 'answer' AND stage = 'label';

-- name: a time on task that goes
UPDATE log SET milliseconds = NULL WHERE milliseconds IS NOT NULL;

-- name: a model that nobody decided on
INSERT INTO model_versions SELECT project, version + 1, model, made_at FROM model_versions;

-- name: a model decided on and not there
UPDATE log SET model_version = model_version + 1 WHERE kind = 'open' AND model_version IS NOT NULL;

-- name: an alert that nobody was told of
INSERT INTO alerts (project, kind, subject, detail, opened_at) VALUES (1, 'shortcut', 'longest', '{}', now());

-- name: an alert that there is none of
INSERT INTO outbox (project, event, alert, created_at) VALUES (1, 'alert.opened', 999, now());

-- name: a deferral that makes somebody quick
UPDATE attempts SET deferred_at = shown_at WHERE id = (SELECT min(attempt) FROM log WHERE stage = 'label');

-- name: a lease in no hand
UPDATE labelers SET lease_attempt = NULL WHERE lease_attempt IS NOT NULL;
