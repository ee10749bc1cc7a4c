-- What pages show of an operation, rolled up from the log beside the way (ADR 0031): no page counts answers.

-- New rows of the log are found by their ids, which rise with the place of a row: a few blocks a partition say where.
-- Whoever adds an answer to the log pays next to nothing for it, unlike for a B-tree.
CREATE INDEX log_order ON log USING brin (id) WITH (pages_per_range = 32, autosummarize = on);
-- A labeler's rows that moved no standing; those that did are in log_standing.
CREATE INDEX log_labeler ON log (project, labeler, at, id) WHERE n IS NULL AND labeler IS NOT NULL;

-- Up to which row of the log each rollup has read. Who rolls up holds the row, so each row of the log counts once.
CREATE TABLE rollups (
    name text PRIMARY KEY,
    upto bigint NOT NULL
);
INSERT INTO rollups (name, upto) VALUES ('figures', 0), ('roster', 0);

-- Sums of a project over each minute, ten minutes and hour (`span`, in minutes) in which anything happened.
CREATE TABLE figures (
    project integer NOT NULL,
    span smallint NOT NULL,
    at timestamptz NOT NULL,                   -- begin of the span
    entries integer NOT NULL,                  -- rows of the log, and the last of them
    last_entry bigint NOT NULL,
    answers integer NOT NULL,                  -- to ordinary tasks
    benchmark_answers integer NOT NULL,
    benchmarks_right integer NOT NULL,         -- of them, by the key under which they were served
    panel_answers integer NOT NULL,
    decoy_answers integer NOT NULL,
    skips integer NOT NULL,
    delivered integer NOT NULL,                -- labels that labelers gave: let out at once or after a hold
    held integer NOT NULL,
    released integer NOT NULL,
    discarded integer NOT NULL,                -- by the gate or at the end of a hold
    withdrawn integer NOT NULL,
    promotions integer NOT NULL,
    admissions integer NOT NULL,
    dismissals integer NOT NULL,
    seconds double precision NOT NULL,         -- on task
    PRIMARY KEY (project, span, at)
);

-- How durations spread over a span: counts in buckets that grow by the fourth root of two (`stats.spread`).
CREATE TABLE spreads (
    project integer NOT NULL,
    span smallint NOT NULL,
    at timestamptz NOT NULL,
    measure text NOT NULL CHECK (measure IN ('task', 'label')),  -- seconds on task; from a task's push to its label
    bucket smallint NOT NULL,
    count integer NOT NULL,
    PRIMARY KEY (project, span, at, measure, bucket)
);

-- What was the case when last looked at within each span.
CREATE TABLE gauges (
    project integer NOT NULL,
    span smallint NOT NULL,
    at timestamptz NOT NULL,
    sampled_at timestamptz NOT NULL,
    queued integer NOT NULL,                   -- tasks that wait, counted up to a bound
    oldest_seconds double precision,           -- since the push of the oldest of them; the most within the span
    late_seconds double precision,             -- how late some of them will be at the present pace; null: nobody knows
    leased integer NOT NULL,
    active integer NOT NULL,                   -- labelers seen within the last minutes
    admitted integer NOT NULL,
    benchmarks integer NOT NULL,
    candidates integer NOT NULL,
    shortcuts jsonb NOT NULL,                  -- {rule: {passes, served, alert, ...}}
    supply jsonb NOT NULL,                     -- what is missing, and when benchmarks run out
    why_empty jsonb NOT NULL,                  -- [{code, detail}, ...]: why no work is handed out; empty where it is
    standings jsonb NOT NULL,                  -- {states: {state: count}, p: [counts of p_all in twentieths]}
    PRIMARY KEY (project, span, at)
);

-- One line for each labeler of a project, to be sorted by any column. No answer's transaction writes it.
CREATE TABLE roster (
    project integer NOT NULL,
    labeler integer NOT NULL,
    name text NOT NULL,
    state text NOT NULL CHECK (state IN ('admitted', 'boundary', 'dismissed', 'panel')),  -- panel: has no standing
    p_benchmarks double precision,
    p_all double precision,
    benchmarks integer NOT NULL,               -- answered, ever
    benchmarks_right integer NOT NULL,
    right_share double precision,
    answers integer NOT NULL,
    delivered integer NOT NULL,
    held integer NOT NULL,
    withdrawn integer NOT NULL,
    skips integer NOT NULL,
    panel_answers integer NOT NULL,
    median_seconds double precision,           -- on task
    task_times integer[] NOT NULL,             -- how they spread: counts in the buckets from the first on
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (project, labeler)
);
CREATE INDEX roster_name ON roster (project, state, name COLLATE "C", labeler);
CREATE INDEX roster_p_benchmarks ON roster (project, state, coalesce(p_benchmarks, -1), labeler);
CREATE INDEX roster_p_all ON roster (project, state, coalesce(p_all, -1), labeler);
CREATE INDEX roster_benchmarks ON roster (project, state, benchmarks, labeler);
CREATE INDEX roster_right_share ON roster (project, state, coalesce(right_share, -1), labeler);
CREATE INDEX roster_answers ON roster (project, state, answers, labeler);
CREATE INDEX roster_delivered ON roster (project, state, delivered, labeler);
CREATE INDEX roster_held ON roster (project, state, held, labeler);
CREATE INDEX roster_withdrawn ON roster (project, state, withdrawn, labeler);
CREATE INDEX roster_skips ON roster (project, state, skips, labeler);
CREATE INDEX roster_panel_answers ON roster (project, state, panel_answers, labeler);
CREATE INDEX roster_median_seconds ON roster (project, state, coalesce(median_seconds, -1), labeler);
CREATE INDEX roster_seen_at ON roster (project, state, seen_at, labeler);
