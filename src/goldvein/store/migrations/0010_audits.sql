-- Labelers' ordinary work, answered a second time and blindly by auditors (ADR 0038).

ALTER TABLE log DROP CONSTRAINT log_kind_check;
ALTER TABLE log ADD CONSTRAINT log_kind_check CHECK (kind IN (
    'admit', 'answer', 'skip', 'release', 'discard', 'dismiss', 'trust', 'promote', 'drop', 'open', 'state', 'policy', 'model',
    'withdraw', 'cancel', 'expire', 'alert', 'candidate', 'freeze', 'thaw', 'retire', 'key', 'flag', 'rescored', 'dispute',
    'practice', 'bootstrap', 'audit', 'audited', 'ruling'));

ALTER TABLE alerts DROP CONSTRAINT alerts_kind_check;
ALTER TABLE alerts ADD CONSTRAINT alerts_kind_check CHECK (kind IN (
    'shortcut', 'taste', 'benchmarks', 'leak', 'low', 'high', 'silent', 'webhook', 'filter'));

-- Who is audited, and what the filter said of that person when it was drawn; estimates rest on that.
CREATE TABLE audits (
    project integer NOT NULL REFERENCES projects,
    id bigint GENERATED ALWAYS AS IDENTITY,
    labeler integer NOT NULL REFERENCES labelers,
    drawn_at timestamptz NOT NULL,
    chance float8 NOT NULL,                    -- of being drawn: audits are a sample
    wanted integer NOT NULL,                   -- answers that are answered a second time
    delivers boolean NOT NULL,                 -- whether the gate let this person's answers out then
    p float8 NOT NULL,
    model_version integer NOT NULL,
    posterior bytea NOT NULL,                  -- under benchmarks: float64 (states,)
    agreed integer,
    answered integer,                          -- those that an auditor found unclear are not counted
    ended_at timestamptz,
    PRIMARY KEY (project, id),
    CHECK ((ended_at IS NULL) = (agreed IS NULL) AND (ended_at IS NULL) = (answered IS NULL))
);
CREATE UNIQUE INDEX audits_open ON audits (project, labeler) WHERE ended_at IS NULL;
CREATE INDEX audits_drawn ON audits (project, drawn_at);
CREATE INDEX audits_ended ON audits (project, ended_at) WHERE ended_at IS NOT NULL;

-- The answers that auditors give blindly. In the order of "place", which is random: people stand mixed.
CREATE TABLE second_answers (
    project integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    audit bigint NOT NULL,
    labeler integer NOT NULL,                  -- whose work it is
    task bigint NOT NULL,
    content bigint NOT NULL,
    choice smallint NOT NULL,                  -- what the labeler picked, in content order
    is_overlap boolean NOT NULL,               -- asked of a second auditor, to score auditors
    place float8 NOT NULL,
    auditor integer REFERENCES labelers,       -- who has it in hand, or answered
    claimed_until timestamptz,
    said smallint,                             -- in content order; -1: has no clear answer
    shown smallint[],
    answered_at timestamptz,
    PRIMARY KEY (project, id),
    FOREIGN KEY (project, audit) REFERENCES audits ON DELETE CASCADE,
    CHECK ((answered_at IS NULL) = (said IS NULL))
);
CREATE INDEX second_answers_queue ON second_answers (place, project, id) WHERE answered_at IS NULL;
CREATE INDEX second_answers_audit ON second_answers (project, audit, task);
CREATE INDEX second_answers_overlap ON second_answers (project, answered_at) WHERE is_overlap;

-- How often the filter errs, as estimated from time to time.
CREATE TABLE filter_checks (
    project integer NOT NULL REFERENCES projects,
    at timestamptz NOT NULL,
    audits integer NOT NULL,                   -- that the estimate rests on
    found jsonb NOT NULL,
    PRIMARY KEY (project, at)
);

-- When somebody who had been dismissed was let in again, for the card; the time of admission moves with it.
ALTER TABLE standings ADD COLUMN readmitted_at timestamptz;
