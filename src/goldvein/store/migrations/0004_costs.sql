-- What becomes of tasks and what their labels cost, counted beside the way, so that no page counts tasks.

-- Prices are versions: a label costs what the project's price was when it was delivered, whatever it is later.
CREATE TABLE prices (
    project integer NOT NULL REFERENCES projects,
    version integer NOT NULL CHECK (version > 0),
    per_label numeric(14, 6) NOT NULL CHECK (per_label >= 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    since timestamptz NOT NULL,
    account integer REFERENCES accounts,       -- who set it, where that was done on a page
    PRIMARY KEY (project, version)
);

-- Sums of a batch, or of the whole project (batch 0), by the price in force at a label's delivery (0: there was none).
-- Only labels have a price; all else stands under 0.
CREATE TABLE tallies (
    project integer NOT NULL,
    batch integer NOT NULL,
    price integer NOT NULL,
    pushed bigint NOT NULL,
    labels bigint NOT NULL,                    -- delivered and not withdrawn since
    cancelled bigint NOT NULL,
    expired bigint NOT NULL,
    withdrawn bigint NOT NULL,                 -- labels that were taken back
    PRIMARY KEY (project, batch, price)
) WITH (fillfactor = 50);

-- What no event tells, written where it happens and added to the sums by whoever counts next.
CREATE TABLE tally_changes (
    project integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    batch integer NOT NULL,                    -- 0: in no batch
    pushed integer NOT NULL,
    cancelled integer NOT NULL,
    PRIMARY KEY (project, id)
);

-- Up to which event each project has been counted. Who counts holds the row, so that each event counts once.
CREATE TABLE tallied (
    project integer PRIMARY KEY REFERENCES projects,
    position bigint NOT NULL
);
INSERT INTO tallied SELECT id, 0 FROM projects;
INSERT INTO tally_changes (project, batch, pushed, cancelled)
SELECT project, coalesce(batch, 0), count(*), count(*) FILTER (WHERE state = 'cancelled')
FROM tasks WHERE state <> 'benchmark' GROUP BY project, coalesce(batch, 0);

-- How accurate the labels of each project are, as last measured: it takes all of its standings.
CREATE TABLE measurements (
    project integer PRIMARY KEY REFERENCES projects,
    measured_at timestamptz NOT NULL,
    accuracy jsonb NOT NULL
);

-- Who made a version of a policy, where that was done on a page.
ALTER TABLE policy_versions ADD COLUMN account integer REFERENCES accounts;
CREATE INDEX projects_state ON projects (state, id);
