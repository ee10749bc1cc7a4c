-- Reference checks: tasks that the customer labelled itself, labelled anew by the workforce on a schedule (ADR 0039).

ALTER TABLE tasks DROP CONSTRAINT tasks_state_check;
ALTER TABLE tasks ADD CONSTRAINT tasks_state_check
    CHECK (state IN ('queued', 'labelled', 'cancelled', 'expired', 'benchmark', 'reference'));
ALTER TABLE attempts DROP CONSTRAINT attempts_stage_check;
ALTER TABLE attempts ADD CONSTRAINT attempts_stage_check
    CHECK (stage IN ('label', 'panel', 'benchmark', 'decoy', 'reference', 'practice', 'audit'));
ALTER TABLE alerts DROP CONSTRAINT alerts_kind_check;
ALTER TABLE alerts ADD CONSTRAINT alerts_kind_check
    CHECK (kind IN ('shortcut', 'taste', 'benchmarks', 'leak', 'low', 'high', 'silent', 'webhook', 'filter', 'reference'));
ALTER TABLE figures ADD COLUMN reference_answers integer NOT NULL DEFAULT 0;

-- A project's sample changes by versions: each run names the one that it checked against.
CREATE TABLE reference_sets (
    project integer NOT NULL REFERENCES projects,
    version integer NOT NULL,
    made_at timestamptz NOT NULL,
    tasks integer NOT NULL,
    PRIMARY KEY (project, version)
);

-- The tasks of a set and the customer's answers, from one version on until, and without, another.
CREATE TABLE reference_items (
    project integer NOT NULL,
    task bigint NOT NULL,
    since integer NOT NULL,
    until integer,
    key smallint NOT NULL,
    unique_id text,                            -- the customer's; a task of its own may have the same
    PRIMARY KEY (project, task, since)
);
CREATE UNIQUE INDEX reference_items_current ON reference_items (project, task) WHERE until IS NULL;

-- One run for each day on which one was due, whoever begins it and however often.
CREATE TABLE reference_runs (
    project integer NOT NULL REFERENCES projects,
    due date NOT NULL,
    version integer NOT NULL,                  -- of the set
    begun_at timestamptz NOT NULL,
    ended_at timestamptz,
    asked integer NOT NULL,                    -- tasks
    report jsonb,                              -- what it came to, and what the runs up to it say (services.checking)
    PRIMARY KEY (project, due)
);
CREATE UNIQUE INDEX reference_runs_under_way ON reference_runs (project) WHERE ended_at IS NULL;

-- Answers of a run, collected from the log.
CREATE TABLE reference_answers (
    project integer NOT NULL,
    due date NOT NULL,
    attempt bigint NOT NULL,
    task bigint NOT NULL,
    labeler integer NOT NULL,
    choice smallint NOT NULL,
    counts boolean NOT NULL,                   -- an ordinary answer would have gone out
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (project, due, attempt)
);
