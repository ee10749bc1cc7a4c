-- What is watched of projects, who was told, and who looks after it (ADR 0037).

ALTER TABLE alerts DROP CONSTRAINT alerts_kind_check;
ALTER TABLE alerts ADD CONSTRAINT alerts_kind_check
    CHECK (kind IN ('shortcut', 'taste', 'benchmarks', 'leak', 'low', 'high', 'silent', 'webhook'));
ALTER TABLE alerts ADD COLUMN acknowledged_at timestamptz;
ALTER TABLE alerts ADD COLUMN acknowledged_by text;  -- a login, or the number of an API key
ALTER TABLE alerts ADD CONSTRAINT alerts_acknowledged CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL));
CREATE INDEX alerts_latest ON alerts (id DESC);
CREATE INDEX alerts_waiting ON alerts (id DESC) WHERE resolved_at IS NULL;

-- Alerts of which nobody is told for a while; they open and are seen nevertheless.
CREATE TABLE mutes (
    project integer NOT NULL REFERENCES projects,
    kind text NOT NULL,
    subject text NOT NULL,
    until timestamptz NOT NULL,
    muted_by text NOT NULL,
    PRIMARY KEY (project, kind, subject)
);

-- What a project's rules are where they are not the default; the latest version counts.
CREATE TABLE rule_versions (
    project integer NOT NULL REFERENCES projects,
    version integer NOT NULL CHECK (version > 0),
    rules jsonb NOT NULL,                      -- {metric: {on, low, high, learned_since}}, only what differs
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    PRIMARY KEY (project, version)
);

-- Up to when each project has been looked at. Who looks holds the row, so that each point counts once.
CREATE TABLE looked (
    project integer PRIMARY KEY REFERENCES projects,
    upto timestamptz NOT NULL,
    learned_at timestamptz,                    -- when ranges were learned last
    pushed bigint NOT NULL,                    -- tasks pushed, as last seen
    habit jsonb                                -- {rates, limit}: when its customer pushes; null: not known yet
);

-- What is remembered of one rule between two looks, and what is expected of its metric.
CREATE TABLE watches (
    project integer NOT NULL REFERENCES projects,
    metric text NOT NULL,
    upto timestamptz NOT NULL,
    sums jsonb NOT NULL,                       -- {side: {off, back, is_open}}
    range jsonb,                               -- null: not known yet
    lent_by integer REFERENCES projects,       -- of which project the range is, where the own past is short
    PRIMARY KEY (project, metric)
);

-- Minutes in which a customer was seen to have pushed.
CREATE TABLE pushes (
    project integer NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (project, at)
);

-- Where alerts are told beside the webhooks of customers; without a project: those of all projects.
CREATE TABLE channels (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project integer REFERENCES projects,
    kind text NOT NULL CHECK (kind IN ('email', 'apprise')),
    target text NOT NULL,                      -- an address, or an apprise URL, which may hold secrets
    made_at timestamptz NOT NULL,
    made_by text NOT NULL
);
CREATE INDEX channels_project ON channels (project);

-- What a channel is told: written with the alert, sent by a job, at least once and marked when it was.
CREATE TABLE notices (
    channel integer NOT NULL REFERENCES channels ON DELETE CASCADE,
    project integer NOT NULL,
    alert bigint NOT NULL,
    event text NOT NULL CHECK (event IN ('opened', 'resolved')),
    tries integer NOT NULL DEFAULT 0,
    next_try_at timestamptz,                   -- null: told, or given up
    told_at timestamptz,
    error text,
    PRIMARY KEY (channel, project, alert, event),
    FOREIGN KEY (project, alert) REFERENCES alerts
);
CREATE INDEX notices_due ON notices (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX notices_alert ON notices (project, alert);
