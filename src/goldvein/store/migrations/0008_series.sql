-- Metrics as series (ADR 0036): agreement by pairs of answers, latency by the deadline, and what was sampled over whole spans.

-- How often two people picked which two options of a task, over each span: a pair is told of when the second of them answers.
CREATE TABLE pairs (
    project integer NOT NULL,
    span smallint NOT NULL,
    at timestamptz NOT NULL,                   -- begin of the span
    source text NOT NULL CHECK (source IN ('decoys', 'panels')),
    options smallint NOT NULL,                 -- of the task
    one smallint NOT NULL,
    other smallint NOT NULL,
    count integer NOT NULL,
    PRIMARY KEY (project, span, at, source, options, one, other),
    CHECK (one <= other)
);
INSERT INTO rollups (name, upto) VALUES ('pairs', 0);

-- 'due': of tasks with a deadline that were labelled or expired, the time since the push as a share of the time to the deadline.
ALTER TABLE spreads DROP CONSTRAINT spreads_measure_check;
ALTER TABLE spreads ADD CONSTRAINT spreads_measure_check CHECK (measure IN ('task', 'label', 'due'));

-- Sums over all samples of a span.
ALTER TABLE gauges
    ADD COLUMN samples integer NOT NULL DEFAULT 1,
    ADD COLUMN sum_queued bigint NOT NULL DEFAULT 0,
    ADD COLUMN sum_active bigint NOT NULL DEFAULT 0,
    ADD COLUMN sum_admitted bigint NOT NULL DEFAULT 0,
    ADD COLUMN sum_standings bigint NOT NULL DEFAULT 0,   -- of the crowd, who is not dismissed
    ADD COLUMN sum_delivering bigint NOT NULL DEFAULT 0,  -- of those, whose answers pass the gate
    ADD COLUMN least_supply_hours double precision,       -- null: nothing ends the supply, or nobody knows when
    ADD COLUMN metrics jsonb NOT NULL DEFAULT '[]';       -- [{metric, part, value, ...}]: of lately, as last looked at
UPDATE gauges SET sum_queued = queued, sum_active = active, sum_admitted = admitted;
ALTER TABLE gauges
    ALTER COLUMN samples DROP DEFAULT,
    ALTER COLUMN sum_queued DROP DEFAULT,
    ALTER COLUMN sum_active DROP DEFAULT,
    ALTER COLUMN sum_admitted DROP DEFAULT,
    ALTER COLUMN sum_standings DROP DEFAULT,
    ALTER COLUMN sum_delivering DROP DEFAULT,
    ALTER COLUMN metrics DROP DEFAULT;
