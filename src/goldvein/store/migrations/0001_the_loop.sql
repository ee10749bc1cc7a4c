-- The loop: projects, tasks, attempts, answers, standings, benchmarks, labels and the log.
--
-- Every key starts with the project, so that projects can be partitioned or spread over servers.
-- Hot tables (attempts, answers, labels, outbox, log) carry no foreign keys: their rows are written in groups by
-- one transaction that has just locked what they refer to, and `goldvein verify` checks the sums.

CREATE TABLE instance (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    lease_key bytea NOT NULL CHECK (length(lease_key) = 16)  -- AES key of the lease tokens
);

CREATE TABLE customers (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    created_at timestamptz NOT NULL
);

-- A labeler's row is locked first by every request of that labeler: one lease in hand at a time.
CREATE TABLE labelers (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    role text NOT NULL CHECK (role IN ('labeler', 'trusted', 'auditor')),
    created_at timestamptz NOT NULL,
    lease_project integer,
    lease_attempt bigint,
    lease_expires_at timestamptz,
    seen_at timestamptz                        -- when what is in hand last changed: who stays away is not waited for
) WITH (fillfactor = 50);

CREATE TABLE api_keys (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),  -- SHA-256 of a 256-bit random token
    role text NOT NULL CHECK (role IN ('customer', 'labeler', 'trusted', 'auditor', 'operator')),
    customer integer REFERENCES customers,
    labeler integer REFERENCES labelers,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CHECK ((role = 'customer') = (customer IS NOT NULL)),
    CHECK ((role IN ('labeler', 'trusted', 'auditor')) = (labeler IS NOT NULL))
);

CREATE TABLE projects (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer integer NOT NULL REFERENCES customers,
    name text NOT NULL,
    instruction text NOT NULL,
    type text NOT NULL CHECK (type IN ('choice')),
    classes jsonb,
    deadline_seconds integer CHECK (deadline_seconds > 0),  -- default of a task's deadline, from its push
    state text NOT NULL CHECK (state IN ('draft', 'mining', 'open', 'paused', 'closed')),
    revision bigint NOT NULL DEFAULT 1,        -- grows with every change that a process may have cached
    policy_version integer NOT NULL DEFAULT 1,
    model_version integer,                     -- null until the project opens
    admitted integer NOT NULL DEFAULT 0,       -- standings that may work
    supply_target integer NOT NULL,            -- mining goes on while fewer benchmarks are active
    last_ordinal integer NOT NULL DEFAULT 0,   -- of benchmarks
    created_at timestamptz NOT NULL,
    opened_at timestamptz,
    copy_of integer REFERENCES projects,       -- the project that it was made from
    carried integer NOT NULL DEFAULT 0,        -- benchmarks that came with it
    family integer                             -- projects that share benchmarks: nobody gets one of them twice
);
CREATE INDEX projects_customer ON projects (customer);
CREATE INDEX projects_family ON projects (family) WHERE family IS NOT NULL;

CREATE TABLE policy_versions (
    project integer NOT NULL REFERENCES projects,
    version integer NOT NULL,
    policy jsonb NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (project, version)
);

CREATE TABLE model_versions (
    project integer NOT NULL REFERENCES projects,
    version integer NOT NULL,
    model jsonb NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (project, version)
);

CREATE TABLE batches (
    project integer NOT NULL REFERENCES projects,
    id integer GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    cancelled_at timestamptz,
    drained_at timestamptz,
    PRIMARY KEY (project, id),
    UNIQUE (project, name)
);

CREATE INDEX batches_undrained ON batches (project, id) WHERE drained_at IS NULL;

CREATE TABLE tasks (
    project integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    unique_id text,
    batch integer,
    content bigint NOT NULL,                   -- first 64 bits of the SHA-256 of the input: identity for "never twice"
    state text NOT NULL CHECK (state IN ('queued', 'labelled', 'cancelled', 'expired', 'benchmark')),
    priority integer NOT NULL,
    deadline timestamptz,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (project, id)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX tasks_unique_id ON tasks (project, unique_id) WHERE unique_id IS NOT NULL;
CREATE INDEX tasks_batch ON tasks (project, batch, id) WHERE batch IS NOT NULL;
CREATE INDEX tasks_content ON tasks (project, content, id);

CREATE TABLE task_inputs (
    project integer NOT NULL,
    task bigint NOT NULL,
    input jsonb NOT NULL,
    metadata jsonb,
    rules jsonb NOT NULL,                      -- what each content shortcut would choose: {rule: [option, ...]}
    PRIMARY KEY (project, task)
);

-- One wanted answer. open -> leased -> answered | skipped | lapsed | closed; a lapsed, skipped or discarded one is
-- followed by a new open attempt, so that (content, labeler) stays unique for ever.
CREATE TABLE attempts (
    project integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    task bigint NOT NULL,
    content bigint NOT NULL,
    stage text NOT NULL CHECK (stage IN ('label', 'panel', 'benchmark', 'decoy', 'practice', 'audit')),
    state text NOT NULL CHECK (state IN ('open', 'leased', 'answered', 'skipped', 'lapsed', 'closed')),
    lane smallint NOT NULL,                    -- 0: first in line (requeued), 1: as pushed
    due_at timestamptz NOT NULL,               -- the deadline, or the end of the year 9999
    urgency integer NOT NULL,                  -- minus the priority
    fence integer NOT NULL DEFAULT 0,
    labeler integer,
    shown smallint[],                          -- the option at each position
    shown_at timestamptz,
    expires_at timestamptz,
    rate real,                                 -- the share of benchmarks that this lease was drawn with
    draw real,                                 -- the probability of this benchmark among the candidates drawn
    exposures integer,                         -- servings of this benchmark before this one
    PRIMARY KEY (project, id),
    CHECK ((state = 'open') = (labeler IS NULL) OR state = 'closed'),
    CHECK (state <> 'leased' OR expires_at IS NOT NULL)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX attempts_queue ON attempts (project, stage, lane, due_at, urgency, id) WHERE state = 'open';
CREATE INDEX attempts_leased ON attempts (project, expires_at) WHERE state = 'leased';
CREATE UNIQUE INDEX attempts_never_twice ON attempts (project, content, labeler) WHERE labeler IS NOT NULL;
CREATE INDEX attempts_task ON attempts (project, task);

CREATE TABLE answers (
    project integer NOT NULL,
    attempt bigint NOT NULL,
    task bigint NOT NULL,
    labeler integer NOT NULL,
    answer jsonb NOT NULL,
    choice smallint NOT NULL,                  -- the content option; -1: cannot be answered
    shown_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    focus_ms integer,
    comment text,                              -- why, in the labeler's words
    PRIMARY KEY (project, attempt)
);

-- A labeler's word that a task was unclear, or its answer not what it seems; on any task, benchmark or not.
CREATE TABLE disputes (
    project integer NOT NULL,
    attempt bigint NOT NULL,
    task bigint NOT NULL,
    labeler integer NOT NULL,
    reason text NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (project, attempt)
);
CREATE INDEX disputes_task ON disputes (project, task);

CREATE TABLE standings (
    project integer NOT NULL,
    labeler integer NOT NULL,
    state text NOT NULL CHECK (state IN ('admitted', 'boundary', 'dismissed')),
    panel text CHECK (panel IN ('appointed', 'earned')),
    n bigint NOT NULL,                         -- version: one per answer, no gaps
    model_version integer NOT NULL,
    posterior bytea NOT NULL,                  -- float64: states under benchmarks, then under all evidence
    p_benchmarks double precision NOT NULL,
    p_all double precision NOT NULL,
    benchmarks integer NOT NULL,               -- answered since the last admission
    undecided integer NOT NULL DEFAULT 0,      -- of them, since the standing was last good enough to deliver
    answers bigint NOT NULL,
    skips integer NOT NULL DEFAULT 0,
    held integer NOT NULL DEFAULT 0,
    grace integer NOT NULL DEFAULT 0,          -- answers still taken after a dismissal
    review_wanted bigint,                      -- version since which past labels are to be looked at again
    seen bytea NOT NULL,                       -- bitmap over the ordinals of benchmarks
    admitted_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (project, labeler),
    CHECK (held >= 0)
) WITH (fillfactor = 50);
CREATE INDEX standings_labeler ON standings (labeler);
CREATE INDEX standings_review ON standings (project) WHERE review_wanted IS NOT NULL;
CREATE INDEX standings_panel ON standings (project, labeler) WHERE panel IS NOT NULL;

-- Who may answer a project's candidates for a reason that stands in no standing of it, and who may not in spite of one.
CREATE TABLE trust (
    project integer NOT NULL,
    labeler integer NOT NULL,
    basis text NOT NULL CHECK (basis IN ('appointed', 'elsewhere', 'bootstrap', 'barred')),
    lower double precision,                    -- what is certain of the labeler: logits over the bar, or accuracy
    reason text NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (project, labeler)
);

-- Everybody who may answer candidates. Where somebody has a standing, that says whether trust was earned.
CREATE VIEW panel_members AS
SELECT p.id AS project, l.id AS labeler, 'appointed' AS basis FROM projects p JOIN labelers l ON l.role = 'trusted'
WHERE NOT EXISTS (SELECT FROM trust t WHERE t.project = p.id AND t.labeler = l.id AND t.basis = 'barred')
UNION
SELECT t.project, t.labeler, t.basis FROM trust t JOIN labelers l ON l.id = t.labeler
WHERE l.role <> 'trusted' AND (t.basis = 'appointed' OR (t.basis <> 'barred'
    AND NOT EXISTS (SELECT FROM standings s WHERE s.project = t.project AND s.labeler = t.labeler)))
UNION
SELECT s.project, s.labeler, 'earned' FROM standings s JOIN labelers l ON l.id = s.labeler
WHERE s.panel = 'earned' AND l.role <> 'trusted' AND NOT EXISTS (
    SELECT FROM trust t WHERE t.project = s.project AND t.labeler = s.labeler AND t.basis IN ('appointed', 'barred'));

-- A start without anybody trusted: the first tasks, which everybody answers.
CREATE TABLE bootstraps (
    project integer PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('collecting', 'done', 'refused')),
    begun_at timestamptz NOT NULL,
    ended_at timestamptz,
    why text                                   -- it was refused
);

-- Answers kept back, each with P(state now, good at that answer | all since): its sum is the smoothed probability.
CREATE TABLE holds (
    project integer NOT NULL,
    labeler integer NOT NULL,
    attempt bigint NOT NULL,
    task bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    joint bytea NOT NULL,
    PRIMARY KEY (project, labeler, attempt)
) WITH (fillfactor = 50);
CREATE INDEX holds_expiry ON holds (project, expires_at);
CREATE UNIQUE INDEX holds_attempt ON holds (project, attempt);
CREATE INDEX holds_task ON holds (project, task);

CREATE TABLE benchmarks (
    project integer NOT NULL,
    task bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('candidate', 'active', 'frozen', 'retired')),
    basis text NOT NULL CHECK (basis IN ('panel', 'manual', 'bootstrap', 'reused')),
    ordinal integer,
    item_version integer,
    exposures integer NOT NULL DEFAULT 0,
    revision bigint NOT NULL,
    created_at timestamptz NOT NULL,
    promoted_at timestamptz,
    ended_at timestamptz,                      -- frozen or retired since
    reason text,                               -- why it was frozen or retired
    counts_as integer,                         -- the item version by which answers by earlier ones count; null: as served
    counted_as integer,                        -- of a frozen one: ``counts_as`` before
    recount boolean NOT NULL DEFAULT false,    -- who answered it is still to be found, and rescored
    looked_at integer NOT NULL DEFAULT 0,      -- exposures when its answers were last looked at
    flag text,                                 -- why an auditor should look at it
    flagged_at timestamptz,
    expected_response jsonb,                   -- what a reviewer should make of ``initial_response``, for review pipelines
    initial_response jsonb,
    source_project integer,                    -- where a reused one was made
    source_task bigint,
    claimed_by integer,                        -- the auditor who looks at it
    claimed_until timestamptz,
    PRIMARY KEY (project, task),
    CHECK (state <> 'active' OR (ordinal IS NOT NULL AND item_version IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX benchmarks_revision ON benchmarks (project, revision);
CREATE INDEX benchmarks_candidates ON benchmarks (project) WHERE state = 'candidate';
CREATE INDEX benchmarks_created ON benchmarks (project, created_at);
CREATE INDEX benchmarks_promoted ON benchmarks (project, promoted_at) WHERE promoted_at IS NOT NULL;

-- What mining is to do for a project, as the sweeper last reckoned: how many benchmarks, and which tasks promise most.
CREATE TABLE plans (
    project integer PRIMARY KEY,
    made_at timestamptz NOT NULL,
    plan jsonb NOT NULL
);
CREATE INDEX benchmarks_recount ON benchmarks (project) WHERE recount;
CREATE INDEX benchmarks_flagged ON benchmarks (project, task) WHERE flag IS NOT NULL;
CREATE INDEX benchmarks_in_doubt ON benchmarks (flagged_at, project, task) WHERE flag IS NOT NULL;
CREATE INDEX benchmarks_state ON benchmarks (project, state, task);
CREATE INDEX benchmarks_basis ON benchmarks (project, basis, task);
CREATE UNIQUE INDEX benchmarks_ordinal ON benchmarks (project, ordinal) WHERE ordinal IS NOT NULL;

-- Standings to be computed anew, because an answer of theirs counts otherwise by now.
CREATE TABLE rescorings (
    project integer NOT NULL,
    labeler integer NOT NULL,
    asked_at timestamptz NOT NULL,
    asks integer NOT NULL DEFAULT 1,           -- grows when it is asked again meanwhile
    PRIMARY KEY (project, labeler)
);

CREATE TABLE item_versions (
    project integer NOT NULL,
    task bigint NOT NULL,
    version integer NOT NULL,
    key smallint NOT NULL,
    key_right double precision NOT NULL,
    key_probabilities double precision[] NOT NULL,
    difficulty double precision[] NOT NULL,    -- weights over the difficulty grid
    wrong double precision[],                  -- where wrong answers go, learned; null: evenly
    model_version integer,                     -- the grid that the likelihoods stand on; null before opening
    likelihoods bytea,                         -- float64 (states, options + 1)
    struck boolean NOT NULL DEFAULT false,     -- of a frozen one: answers to it say nothing, all likelihoods are one
    made_at timestamptz NOT NULL,
    PRIMARY KEY (project, task, version)
);

CREATE INDEX item_versions_struck ON item_versions (project, task) WHERE struck;

CREATE TABLE labels (
    project integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    task bigint NOT NULL,
    attempt bigint,                            -- null for a panel's label
    answer jsonb NOT NULL,
    basis text NOT NULL CHECK (basis IN ('labeler', 'panel', 'auditor', 'manual')),
    labeler integer,
    confidence double precision,
    p_benchmarks double precision,
    p_all double precision,
    benchmarks integer,
    standing_state text,
    policy_version integer NOT NULL,
    answered_at timestamptz NOT NULL,
    delivered_at timestamptz NOT NULL,
    replaces bigint,
    withdrawn_at timestamptz,
    PRIMARY KEY (project, id)
);
CREATE UNIQUE INDEX labels_current ON labels (project, task) WHERE withdrawn_at IS NULL;
CREATE INDEX labels_withdrawn ON labels (project, task, id) WHERE withdrawn_at IS NOT NULL;

-- Positions are given after commit, by one numberer per project: a reader never passes a row that commits later.
CREATE TABLE outbox (
    project integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    event text NOT NULL CHECK (event IN
        ('label.created', 'label.withdrawn', 'task.expired', 'batch.drained', 'alert.opened', 'alert.resolved')),
    task bigint,
    label bigint,
    batch integer,
    alert bigint,
    created_at timestamptz NOT NULL,
    position bigint
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE UNIQUE INDEX outbox_unnumbered ON outbox (project, id) WHERE position IS NULL;
CREATE UNIQUE INDEX outbox_position ON outbox (project, position) WHERE position IS NOT NULL;

CREATE TABLE outbox_positions (
    project integer PRIMARY KEY REFERENCES projects,
    last bigint NOT NULL
);

-- What somebody should look at: opened once, told by an event, and resolved once.
CREATE TABLE alerts (
    project integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL CHECK (kind IN ('shortcut', 'taste', 'benchmarks', 'leak')),
    subject text NOT NULL,                     -- what it is about: the rule's name
    detail jsonb NOT NULL,                     -- counts and evidence, no names: customers read it
    opened_at timestamptz NOT NULL,
    resolved_at timestamptz,
    PRIMARY KEY (project, id)
);
CREATE UNIQUE INDEX alerts_open ON alerts (project, kind, subject) WHERE resolved_at IS NULL;

CREATE TABLE idempotency_keys (
    api_key integer NOT NULL REFERENCES api_keys,
    key text NOT NULL,
    request_hash bytea NOT NULL,               -- of method, path and body
    status integer NOT NULL,
    response bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (api_key, key)
);

CREATE TABLE webhooks (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project integer NOT NULL REFERENCES projects,
    url text NOT NULL,
    secret text NOT NULL,                      -- whsec_...; signing needs it in the clear
    events text[] NOT NULL,
    state text NOT NULL CHECK (state IN ('enabled', 'disabled')),
    reason text,
    position bigint NOT NULL DEFAULT 0,        -- delivered up to here
    sending_to bigint,                         -- last position of the message under way, fixed before its first attempt
    tries integer NOT NULL DEFAULT 0,          -- of the message under way
    next_try_at timestamptz NOT NULL,          -- while a process serves the webhook, the end of its lease
    created_at timestamptz NOT NULL
);
CREATE INDEX webhooks_project ON webhooks (project);

CREATE TABLE deliveries (
    webhook integer NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    id bigint GENERATED ALWAYS AS IDENTITY,
    message text NOT NULL,
    from_position bigint NOT NULL,
    to_position bigint NOT NULL,
    try integer NOT NULL,
    status integer,
    error text,
    duration_ms integer NOT NULL,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (webhook, id)
);

-- The append-only decision log. A row with an n moved that standing from n - 1 to n.
CREATE TABLE log (
    project integer NOT NULL,
    at timestamptz NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL CHECK (kind IN ('admit', 'answer', 'skip', 'release', 'discard', 'dismiss', 'trust',
        'promote', 'drop', 'open', 'state', 'policy', 'model', 'withdraw', 'cancel', 'expire', 'alert',
        'candidate', 'freeze', 'thaw', 'retire', 'key', 'flag', 'rescored', 'dispute', 'practice', 'bootstrap', 'audit')),
    labeler integer,
    n bigint,
    attempt bigint,
    task bigint,
    stage text,
    choice smallint,
    shown smallint[],
    item_version integer,
    model_version integer,
    policy_version integer,
    rate real,
    draw real,
    exposures integer,                         -- servings of the benchmark before this one
    milliseconds integer,                      -- on task, by the server's clock; null where nothing is known
    p_benchmarks double precision,
    p_all double precision,
    benchmarks integer,
    decision text,
    detail jsonb
) PARTITION BY RANGE (at);
CREATE TABLE log_other PARTITION OF log DEFAULT;
CREATE UNIQUE INDEX log_standing ON log (project, labeler, n, at) WHERE n IS NOT NULL;
CREATE INDEX log_task ON log (project, task);
-- What is told of a whole project is looked up by jobs and reports, among millions of answers.
CREATE INDEX log_project ON log (project, kind, at) WHERE kind IN ('open', 'model');
