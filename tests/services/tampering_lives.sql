-- Ways to deceive `verify` about the lives of benchmarks, each of which it must see: one statement after its name.

-- name: a rescored probability made better
UPDATE log SET p_benchmarks = p_benchmarks + 0.001 WHERE kind = 'rescored';

-- name: a rescored count
UPDATE log SET benchmarks = benchmarks + 1 WHERE kind = 'rescored';

-- name: a state that the rescoring does not give
UPDATE log SET decision = 'boundary' WHERE kind = 'rescored';

-- name: an answer left out of a rescoring
UPDATE log SET detail = jsonb_set(detail, '{items}', '{}') WHERE kind = 'rescored';

-- name: an answer struck out without a decision
DELETE FROM log WHERE kind = 'freeze' AND task = (SELECT min(task) FROM log WHERE kind = 'freeze');

-- name: a rescoring that goes
DELETE FROM log WHERE ctid IN (SELECT ctid FROM log WHERE kind = 'rescored' LIMIT 1);

-- name: a standing before its rescoring
UPDATE standings SET benchmarks = benchmarks + 1 WHERE labeler = (SELECT min(labeler) FROM log WHERE kind = 'rescored');

-- name: a benchmark frozen in silence
UPDATE benchmarks SET state = 'frozen' WHERE task = (SELECT min(task) FROM benchmarks WHERE state = 'active');

-- name: a benchmark thawed in silence
UPDATE benchmarks SET state = 'active' WHERE state = 'frozen';

-- name: answers that count again in silence
UPDATE benchmarks SET counts_as = NULL WHERE counts_as IS NOT NULL;

-- name: an item struck out in silence
UPDATE item_versions SET struck = true WHERE (task, version) IN (SELECT task, item_version FROM benchmarks WHERE
    state = 'active' LIMIT 1);

-- name: a struck item that says something
UPDATE item_versions SET struck = false WHERE struck;

-- name: a key changed in silence
UPDATE benchmarks SET counts_as = 1 WHERE state = 'active' AND counts_as IS NULL;

-- name: a replaced label that was not withdrawn in the log
DELETE FROM log WHERE kind = 'withdraw';

-- name: a panel label by no key
UPDATE log SET choice = (choice + 1) % 4 WHERE kind = 'key';
