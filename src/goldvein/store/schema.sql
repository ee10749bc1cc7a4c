-- All migrations in one, for reading: `just schema` writes this file, a test holds it to be equal.
-- Why a table or an index is there stands in migrations/.

CREATE FUNCTION refuse_the_house() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT FROM customers WHERE id = NEW.customer AND is_house) THEN
        RAISE foreign_key_violation USING MESSAGE = 'nobody comes in as the house',
            DETAIL = 'customer ' || NEW.customer || ' is the house: its projects are sandboxes, which no customer sees';
    END IF;
    RETURN NEW;
END $$;

CREATE TABLE accounts (
    id integer NOT NULL,
    login text NOT NULL COLLATE pg_catalog."C",
    password_hash text,
    role text NOT NULL,
    customer integer,
    labeler integer,
    issuer text,
    subject text,
    failures integer DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    disabled_at timestamp with time zone,
    erased_at timestamp with time zone,
    CONSTRAINT accounts_check CHECK (((role = 'customer'::text) = (customer IS NOT NULL))),
    CONSTRAINT accounts_check1 CHECK (((role = ANY (ARRAY['labeler'::text, 'trusted'::text, 'auditor'::text])) = (labeler IS NOT NULL))),
    CONSTRAINT accounts_check2 CHECK (((issuer IS NULL) = (subject IS NULL))),
    CONSTRAINT accounts_check3 CHECK (((erased_at IS NULL) OR (disabled_at IS NOT NULL))),
    CONSTRAINT accounts_login_check CHECK ((login = lower(login))),
    CONSTRAINT accounts_role_check CHECK ((role = ANY (ARRAY['customer'::text, 'labeler'::text, 'trusted'::text, 'auditor'::text, 'operator'::text, 'admin'::text])))
);

ALTER TABLE accounts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME accounts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE alerts (
    project integer NOT NULL,
    id bigint NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    acknowledged_at timestamp with time zone,
    acknowledged_by text,
    CONSTRAINT alerts_acknowledged CHECK (((acknowledged_at IS NULL) = (acknowledged_by IS NULL))),
    CONSTRAINT alerts_kind_check CHECK ((kind = ANY (ARRAY['shortcut'::text, 'taste'::text, 'benchmarks'::text, 'leak'::text, 'low'::text, 'high'::text, 'silent'::text, 'webhook'::text, 'filter'::text, 'reference'::text])))
);

ALTER TABLE alerts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME alerts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE answers (
    project integer NOT NULL,
    attempt bigint NOT NULL,
    task bigint NOT NULL,
    labeler integer NOT NULL,
    answer jsonb NOT NULL,
    choice smallint NOT NULL,
    shown_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    focus_ms integer,
    comment text
);

CREATE TABLE api_keys (
    id integer NOT NULL,
    hash bytea NOT NULL,
    role text NOT NULL,
    customer integer,
    labeler integer,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    ending text,
    CONSTRAINT api_keys_check CHECK (((role = 'customer'::text) = (customer IS NOT NULL))),
    CONSTRAINT api_keys_check1 CHECK (((role = ANY (ARRAY['labeler'::text, 'trusted'::text, 'auditor'::text])) = (labeler IS NOT NULL))),
    CONSTRAINT api_keys_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT api_keys_role_check CHECK ((role = ANY (ARRAY['customer'::text, 'labeler'::text, 'trusted'::text, 'auditor'::text, 'operator'::text])))
);

ALTER TABLE api_keys ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME api_keys_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE attempts (
    project integer NOT NULL,
    id bigint NOT NULL,
    task bigint NOT NULL,
    content bigint NOT NULL,
    stage text NOT NULL,
    state text NOT NULL,
    lane smallint NOT NULL,
    due_at timestamp with time zone NOT NULL,
    urgency integer NOT NULL,
    fence integer DEFAULT 0 NOT NULL,
    labeler integer,
    shown smallint[],
    shown_at timestamp with time zone,
    expires_at timestamp with time zone,
    rate real,
    draw real,
    exposures integer,
    deferred_at timestamp with time zone,
    begun_at timestamp with time zone,
    CONSTRAINT attempts_check CHECK ((((state = 'open'::text) = (labeler IS NULL)) OR (state = 'closed'::text))),
    CONSTRAINT attempts_check1 CHECK (((state <> 'leased'::text) OR (expires_at IS NOT NULL))),
    CONSTRAINT attempts_stage_check CHECK ((stage = ANY (ARRAY['label'::text, 'panel'::text, 'benchmark'::text, 'decoy'::text, 'reference'::text, 'practice'::text, 'audit'::text]))),
    CONSTRAINT attempts_state_check CHECK ((state = ANY (ARRAY['open'::text, 'leased'::text, 'answered'::text, 'skipped'::text, 'lapsed'::text, 'closed'::text])))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.05');

ALTER TABLE attempts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME attempts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE audits (
    project integer NOT NULL,
    id bigint NOT NULL,
    labeler integer NOT NULL,
    drawn_at timestamp with time zone NOT NULL,
    chance double precision NOT NULL,
    wanted integer NOT NULL,
    delivers boolean NOT NULL,
    p double precision NOT NULL,
    model_version integer NOT NULL,
    posterior bytea NOT NULL,
    agreed integer,
    answered integer,
    ended_at timestamp with time zone,
    CONSTRAINT audits_check CHECK ((((ended_at IS NULL) = (agreed IS NULL)) AND ((ended_at IS NULL) = (answered IS NULL))))
);

ALTER TABLE audits ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME audits_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE batches (
    project integer NOT NULL,
    id integer NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    cancelled_at timestamp with time zone,
    drained_at timestamp with time zone
);

ALTER TABLE batches ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME batches_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE benchmarks (
    project integer NOT NULL,
    task bigint NOT NULL,
    state text NOT NULL,
    basis text NOT NULL,
    ordinal integer,
    item_version integer,
    exposures integer DEFAULT 0 NOT NULL,
    revision bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    promoted_at timestamp with time zone,
    ended_at timestamp with time zone,
    reason text,
    counts_as integer,
    counted_as integer,
    recount boolean DEFAULT false NOT NULL,
    looked_at integer DEFAULT 0 NOT NULL,
    flag text,
    flagged_at timestamp with time zone,
    expected_response jsonb,
    initial_response jsonb,
    source_project integer,
    source_task bigint,
    claimed_by integer,
    claimed_until timestamp with time zone,
    explanation text,
    choices integer[],
    CONSTRAINT benchmarks_basis_check CHECK ((basis = ANY (ARRAY['panel'::text, 'manual'::text, 'bootstrap'::text, 'reused'::text]))),
    CONSTRAINT benchmarks_check CHECK (((state <> 'active'::text) OR ((ordinal IS NOT NULL) AND (item_version IS NOT NULL)))),
    CONSTRAINT benchmarks_state_check CHECK ((state = ANY (ARRAY['candidate'::text, 'active'::text, 'frozen'::text, 'retired'::text])))
)
WITH (fillfactor='70');

CREATE TABLE bootstraps (
    project integer NOT NULL,
    state text NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    why text,
    CONSTRAINT bootstraps_state_check CHECK ((state = ANY (ARRAY['collecting'::text, 'done'::text, 'refused'::text])))
);

CREATE TABLE cards (
    project integer NOT NULL,
    labeler integer NOT NULL,
    level text NOT NULL,
    benchmarks integer NOT NULL,
    admitted_at timestamp with time zone NOT NULL,
    refreshed_at timestamp with time zone NOT NULL,
    CONSTRAINT cards_level_check CHECK ((level = ANY (ARRAY['on_course'::text, 'trusted'::text, 'looked_at'::text])))
);

CREATE TABLE channels (
    id integer NOT NULL,
    project integer,
    kind text NOT NULL,
    target text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_by text NOT NULL,
    CONSTRAINT channels_kind_check CHECK ((kind = ANY (ARRAY['email'::text, 'apprise'::text])))
);

ALTER TABLE channels ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME channels_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE content_erasures (
    project integer NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    task bigint DEFAULT 0 NOT NULL,
    ended_at timestamp with time zone
);

CREATE TABLE customers (
    id integer NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    is_house boolean DEFAULT false NOT NULL
);

ALTER TABLE customers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME customers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE deliveries (
    webhook integer NOT NULL,
    id bigint NOT NULL,
    message text NOT NULL,
    from_position bigint NOT NULL,
    to_position bigint NOT NULL,
    try integer NOT NULL,
    status integer,
    error text,
    duration_ms integer NOT NULL,
    sent_at timestamp with time zone NOT NULL
);

ALTER TABLE deliveries ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME deliveries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE disputes (
    project integer NOT NULL,
    attempt bigint NOT NULL,
    task bigint NOT NULL,
    labeler integer NOT NULL,
    reason text NOT NULL,
    made_at timestamp with time zone NOT NULL
);

CREATE TABLE entries (
    hash bytea NOT NULL,
    account integer NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT entries_hash_check CHECK ((length(hash) = 32))
);

CREATE TABLE erasures (
    id integer NOT NULL,
    account integer,
    labeler integer,
    asked_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone,
    confirmed_by integer,
    project integer DEFAULT 0 NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT erasures_check CHECK (((account IS NOT NULL) OR (labeler IS NOT NULL))),
    CONSTRAINT erasures_check1 CHECK (((ended_at IS NULL) OR (confirmed_at IS NOT NULL)))
);

ALTER TABLE erasures ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME erasures_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE figures (
    project integer NOT NULL,
    span smallint NOT NULL,
    at timestamp with time zone NOT NULL,
    entries integer NOT NULL,
    last_entry bigint NOT NULL,
    answers integer NOT NULL,
    benchmark_answers integer NOT NULL,
    benchmarks_right integer NOT NULL,
    panel_answers integer NOT NULL,
    decoy_answers integer NOT NULL,
    skips integer NOT NULL,
    delivered integer NOT NULL,
    held integer NOT NULL,
    released integer NOT NULL,
    discarded integer NOT NULL,
    withdrawn integer NOT NULL,
    promotions integer NOT NULL,
    admissions integer NOT NULL,
    dismissals integer NOT NULL,
    seconds double precision NOT NULL,
    reference_answers integer DEFAULT 0 NOT NULL
);

CREATE TABLE filter_checks (
    project integer NOT NULL,
    at timestamp with time zone NOT NULL,
    audits integer NOT NULL,
    found jsonb NOT NULL
);

CREATE TABLE forgotten (
    what text NOT NULL,
    upto bigint NOT NULL,
    CONSTRAINT forgotten_what_check CHECK ((what = ANY (ARRAY['focus'::text, 'comments'::text])))
);

CREATE TABLE gauges (
    project integer NOT NULL,
    span smallint NOT NULL,
    at timestamp with time zone NOT NULL,
    sampled_at timestamp with time zone NOT NULL,
    queued integer NOT NULL,
    oldest_seconds double precision,
    late_seconds double precision,
    leased integer NOT NULL,
    active integer NOT NULL,
    admitted integer NOT NULL,
    benchmarks integer NOT NULL,
    candidates integer NOT NULL,
    shortcuts jsonb NOT NULL,
    supply jsonb NOT NULL,
    why_empty jsonb NOT NULL,
    standings jsonb NOT NULL,
    samples integer NOT NULL,
    sum_queued bigint NOT NULL,
    sum_active bigint NOT NULL,
    sum_admitted bigint NOT NULL,
    sum_standings bigint NOT NULL,
    sum_delivering bigint NOT NULL,
    least_supply_hours double precision,
    metrics jsonb NOT NULL
);

CREATE TABLE item_versions (
    project integer NOT NULL,
    task bigint NOT NULL,
    version integer NOT NULL,
    key smallint NOT NULL,
    key_right double precision NOT NULL,
    key_probabilities double precision[] NOT NULL,
    difficulty double precision[] NOT NULL,
    wrong double precision[],
    model_version integer,
    likelihoods bytea,
    struck boolean DEFAULT false NOT NULL,
    made_at timestamp with time zone NOT NULL
);

CREATE TABLE log (
    project integer NOT NULL,
    at timestamp with time zone NOT NULL,
    id bigint NOT NULL,
    kind text NOT NULL,
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
    exposures integer,
    milliseconds integer,
    p_benchmarks double precision,
    p_all double precision,
    benchmarks integer,
    decision text,
    detail jsonb,
    CONSTRAINT log_kind_check CHECK ((kind = ANY (ARRAY['admit'::text, 'answer'::text, 'skip'::text, 'release'::text, 'discard'::text, 'dismiss'::text, 'trust'::text, 'promote'::text, 'drop'::text, 'open'::text, 'state'::text, 'policy'::text, 'model'::text, 'withdraw'::text, 'cancel'::text, 'expire'::text, 'alert'::text, 'candidate'::text, 'freeze'::text, 'thaw'::text, 'retire'::text, 'key'::text, 'flag'::text, 'rescored'::text, 'dispute'::text, 'practice'::text, 'bootstrap'::text, 'audit'::text, 'audited'::text, 'ruling'::text])))
)
PARTITION BY RANGE (at);

CREATE VIEW history AS
 SELECT g.project,
    g.at,
    g.id,
    g.kind,
    g.labeler,
    g.n,
    g.attempt,
    g.task,
    g.stage,
    g.choice,
    i.key,
    g.item_version,
    g.rate,
    g.draw,
    g.p_benchmarks,
    g.p_all,
    g.benchmarks,
    g.decision,
    g.policy_version,
    g.detail,
    g.shown,
    g.model_version,
    g.exposures,
    g.milliseconds
   FROM (log g
     LEFT JOIN item_versions i ON (((i.project = g.project) AND (i.task = g.task) AND (i.version = g.item_version))));

CREATE TABLE holds (
    project integer NOT NULL,
    labeler integer NOT NULL,
    attempt bigint NOT NULL,
    task bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    joint bytea NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE idempotency_keys (
    api_key integer NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status integer NOT NULL,
    response bytea NOT NULL,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE instance (
    one boolean DEFAULT true NOT NULL,
    lease_key bytea NOT NULL,
    CONSTRAINT instance_lease_key_check CHECK ((length(lease_key) = 16)),
    CONSTRAINT instance_one_check CHECK (one)
);

CREATE TABLE invitations (
    id integer NOT NULL,
    hash bytea NOT NULL,
    role text NOT NULL,
    customer integer,
    account integer,
    note text DEFAULT ''::text NOT NULL,
    uses_left integer NOT NULL,
    used integer DEFAULT 0 NOT NULL,
    created_by integer,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT invitations_check CHECK (((role = 'customer'::text) = (customer IS NOT NULL))),
    CONSTRAINT invitations_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT invitations_role_check CHECK ((role = ANY (ARRAY['customer'::text, 'labeler'::text, 'trusted'::text, 'auditor'::text, 'operator'::text, 'admin'::text]))),
    CONSTRAINT invitations_uses_left_check CHECK ((uses_left >= 0))
);

ALTER TABLE invitations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME invitations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE labeler_days (
    labeler integer NOT NULL,
    day date NOT NULL,
    answers integer NOT NULL,
    skips integer NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE labelers (
    id integer NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    lease_project integer,
    lease_attempt bigint,
    lease_expires_at timestamp with time zone,
    seen_at timestamp with time zone,
    deferred_project integer,
    deferred_attempt bigint,
    erased_at timestamp with time zone,
    sandbox integer,
    CONSTRAINT labelers_role_check CHECK ((role = ANY (ARRAY['labeler'::text, 'trusted'::text, 'auditor'::text])))
)
WITH (fillfactor='50');

ALTER TABLE labelers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME labelers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE labels (
    project integer NOT NULL,
    id bigint NOT NULL,
    task bigint NOT NULL,
    attempt bigint,
    answer jsonb NOT NULL,
    basis text NOT NULL,
    labeler integer,
    confidence double precision,
    p_benchmarks double precision,
    p_all double precision,
    benchmarks integer,
    standing_state text,
    policy_version integer NOT NULL,
    answered_at timestamp with time zone NOT NULL,
    delivered_at timestamp with time zone NOT NULL,
    replaces bigint,
    withdrawn_at timestamp with time zone,
    CONSTRAINT labels_basis_check CHECK ((basis = ANY (ARRAY['labeler'::text, 'panel'::text, 'auditor'::text, 'manual'::text])))
);

ALTER TABLE labels ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME labels_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE log_other (
    project integer CONSTRAINT log_project_not_null NOT NULL,
    at timestamp with time zone CONSTRAINT log_at_not_null NOT NULL,
    id bigint CONSTRAINT log_id_not_null NOT NULL,
    kind text CONSTRAINT log_kind_not_null NOT NULL,
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
    exposures integer,
    milliseconds integer,
    p_benchmarks double precision,
    p_all double precision,
    benchmarks integer,
    decision text,
    detail jsonb,
    CONSTRAINT log_kind_check CHECK ((kind = ANY (ARRAY['admit'::text, 'answer'::text, 'skip'::text, 'release'::text, 'discard'::text, 'dismiss'::text, 'trust'::text, 'promote'::text, 'drop'::text, 'open'::text, 'state'::text, 'policy'::text, 'model'::text, 'withdraw'::text, 'cancel'::text, 'expire'::text, 'alert'::text, 'candidate'::text, 'freeze'::text, 'thaw'::text, 'retire'::text, 'key'::text, 'flag'::text, 'rescored'::text, 'dispute'::text, 'practice'::text, 'bootstrap'::text, 'audit'::text, 'audited'::text, 'ruling'::text])))
);

CREATE TABLE looked (
    project integer NOT NULL,
    upto timestamp with time zone NOT NULL,
    learned_at timestamp with time zone,
    pushed bigint NOT NULL,
    habit jsonb
);

CREATE TABLE looks (
    id bigint NOT NULL,
    project integer NOT NULL,
    labeler integer NOT NULL,
    words text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    settled_at timestamp with time zone,
    settled_by integer,
    reply text,
    CONSTRAINT looks_check CHECK (((settled_at IS NULL) = (reply IS NULL)))
);

ALTER TABLE looks ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME looks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE measurements (
    project integer NOT NULL,
    measured_at timestamp with time zone NOT NULL,
    accuracy jsonb NOT NULL
);

CREATE TABLE model_versions (
    project integer NOT NULL,
    version integer NOT NULL,
    model jsonb NOT NULL,
    made_at timestamp with time zone NOT NULL
);

CREATE TABLE mutes (
    project integer NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    until timestamp with time zone NOT NULL,
    muted_by text NOT NULL
);

CREATE TABLE notices (
    channel integer NOT NULL,
    project integer NOT NULL,
    alert bigint NOT NULL,
    event text NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    next_try_at timestamp with time zone,
    told_at timestamp with time zone,
    error text,
    CONSTRAINT notices_event_check CHECK ((event = ANY (ARRAY['opened'::text, 'resolved'::text])))
);

CREATE TABLE outbox (
    project integer NOT NULL,
    id bigint NOT NULL,
    event text NOT NULL,
    task bigint,
    label bigint,
    batch integer,
    alert bigint,
    created_at timestamp with time zone NOT NULL,
    "position" bigint,
    CONSTRAINT outbox_event_check CHECK ((event = ANY (ARRAY['label.created'::text, 'label.withdrawn'::text, 'task.expired'::text, 'batch.drained'::text, 'alert.opened'::text, 'alert.resolved'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0.02');

ALTER TABLE outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE outbox_positions (
    project integer NOT NULL,
    last bigint NOT NULL
);

CREATE TABLE pairs (
    project integer NOT NULL,
    span smallint NOT NULL,
    at timestamp with time zone NOT NULL,
    source text NOT NULL,
    options smallint NOT NULL,
    one smallint NOT NULL,
    other smallint NOT NULL,
    count integer NOT NULL,
    CONSTRAINT pairs_check CHECK ((one <= other)),
    CONSTRAINT pairs_source_check CHECK ((source = ANY (ARRAY['decoys'::text, 'panels'::text])))
);

CREATE TABLE projects (
    id integer NOT NULL,
    customer integer NOT NULL,
    name text NOT NULL,
    instruction text NOT NULL,
    type text NOT NULL,
    classes jsonb,
    deadline_seconds integer,
    state text NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    policy_version integer DEFAULT 1 NOT NULL,
    model_version integer,
    admitted integer DEFAULT 0 NOT NULL,
    supply_target integer NOT NULL,
    last_ordinal integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    opened_at timestamp with time zone,
    copy_of integer,
    carried integer DEFAULT 0 NOT NULL,
    family integer,
    sandbox_of integer,
    warm_per_day integer DEFAULT 0 NOT NULL,
    warm_on boolean DEFAULT false NOT NULL,
    closed_at timestamp with time zone,
    contents text DEFAULT 'kept'::text NOT NULL,
    CONSTRAINT projects_closed CHECK (((state = 'closed'::text) = (closed_at IS NOT NULL))),
    CONSTRAINT projects_contents CHECK (((contents = 'kept'::text) OR (state = 'closed'::text))),
    CONSTRAINT projects_contents_check CHECK ((contents = ANY (ARRAY['kept'::text, 'erasing'::text, 'erased'::text]))),
    CONSTRAINT projects_deadline_seconds_check CHECK ((deadline_seconds > 0)),
    CONSTRAINT projects_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'mining'::text, 'open'::text, 'paused'::text, 'closed'::text]))),
    CONSTRAINT projects_type_check CHECK ((type = 'choice'::text)),
    CONSTRAINT projects_warm CHECK (((sandbox_of IS NOT NULL) OR ((warm_per_day = 0) AND (NOT warm_on)))),
    CONSTRAINT projects_warm_per_day_check CHECK ((warm_per_day >= 0))
);

CREATE TABLE standings (
    project integer NOT NULL,
    labeler integer NOT NULL,
    state text NOT NULL,
    panel text,
    n bigint NOT NULL,
    model_version integer NOT NULL,
    posterior bytea NOT NULL,
    p_benchmarks double precision NOT NULL,
    p_all double precision NOT NULL,
    benchmarks integer NOT NULL,
    undecided integer DEFAULT 0 NOT NULL,
    answers bigint NOT NULL,
    skips integer DEFAULT 0 NOT NULL,
    held integer DEFAULT 0 NOT NULL,
    grace integer DEFAULT 0 NOT NULL,
    review_wanted bigint,
    seen bytea NOT NULL,
    admitted_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    readmitted_at timestamp with time zone,
    CONSTRAINT standings_held_check CHECK ((held >= 0)),
    CONSTRAINT standings_panel_check CHECK ((panel = ANY (ARRAY['appointed'::text, 'earned'::text]))),
    CONSTRAINT standings_state_check CHECK ((state = ANY (ARRAY['admitted'::text, 'boundary'::text, 'dismissed'::text])))
)
WITH (fillfactor='50');

CREATE TABLE trust (
    project integer NOT NULL,
    labeler integer NOT NULL,
    basis text NOT NULL,
    lower double precision,
    reason text NOT NULL,
    since timestamp with time zone NOT NULL,
    CONSTRAINT trust_basis_check CHECK ((basis = ANY (ARRAY['appointed'::text, 'elsewhere'::text, 'bootstrap'::text, 'barred'::text])))
);

CREATE VIEW panel_members AS
 SELECT p.id AS project,
    l.id AS labeler,
    'appointed'::text AS basis
   FROM (projects p
     JOIN labelers l ON ((l.role = 'trusted'::text)))
  WHERE (NOT (EXISTS ( SELECT
           FROM trust t
          WHERE ((t.project = p.id) AND (t.labeler = l.id) AND (t.basis = 'barred'::text)))))
UNION
 SELECT t.project,
    t.labeler,
    t.basis
   FROM (trust t
     JOIN labelers l ON ((l.id = t.labeler)))
  WHERE ((l.role <> 'trusted'::text) AND ((t.basis = 'appointed'::text) OR ((t.basis <> 'barred'::text) AND (NOT (EXISTS ( SELECT
           FROM standings s
          WHERE ((s.project = t.project) AND (s.labeler = t.labeler))))))))
UNION
 SELECT s.project,
    s.labeler,
    'earned'::text AS basis
   FROM (standings s
     JOIN labelers l ON ((l.id = s.labeler)))
  WHERE ((s.panel = 'earned'::text) AND (l.role <> 'trusted'::text) AND (NOT (EXISTS ( SELECT
           FROM trust t
          WHERE ((t.project = s.project) AND (t.labeler = s.labeler) AND (t.basis = ANY (ARRAY['appointed'::text, 'barred'::text])))))));

CREATE TABLE plans (
    project integer NOT NULL,
    made_at timestamp with time zone NOT NULL,
    plan jsonb NOT NULL
);

CREATE TABLE policy_versions (
    project integer NOT NULL,
    version integer NOT NULL,
    policy jsonb NOT NULL,
    made_at timestamp with time zone NOT NULL,
    account integer
);

CREATE TABLE prices (
    project integer NOT NULL,
    version integer NOT NULL,
    per_label numeric(14,6) NOT NULL,
    currency text NOT NULL,
    since timestamp with time zone NOT NULL,
    account integer,
    CONSTRAINT prices_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT prices_per_label_check CHECK ((per_label >= (0)::numeric)),
    CONSTRAINT prices_version_check CHECK ((version > 0))
);

ALTER TABLE projects ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME projects_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE pushes (
    project integer NOT NULL,
    at timestamp with time zone NOT NULL
);

CREATE TABLE reference_answers (
    project integer NOT NULL,
    due date NOT NULL,
    attempt bigint NOT NULL,
    task bigint NOT NULL,
    labeler integer NOT NULL,
    choice smallint NOT NULL,
    counts boolean NOT NULL,
    answered_at timestamp with time zone NOT NULL
);

CREATE TABLE reference_items (
    project integer NOT NULL,
    task bigint NOT NULL,
    since integer NOT NULL,
    until integer,
    key smallint NOT NULL,
    unique_id text
);

CREATE TABLE reference_runs (
    project integer NOT NULL,
    due date NOT NULL,
    version integer NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    asked integer NOT NULL,
    report jsonb
);

CREATE TABLE reference_sets (
    project integer NOT NULL,
    version integer NOT NULL,
    made_at timestamp with time zone NOT NULL,
    tasks integer NOT NULL
);

CREATE TABLE rescorings (
    project integer NOT NULL,
    labeler integer NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    asks integer DEFAULT 1 NOT NULL
);

CREATE TABLE rollups (
    name text NOT NULL,
    upto bigint NOT NULL
);

CREATE TABLE roster (
    project integer NOT NULL,
    labeler integer NOT NULL,
    name text NOT NULL,
    state text NOT NULL,
    p_benchmarks double precision,
    p_all double precision,
    benchmarks integer NOT NULL,
    benchmarks_right integer NOT NULL,
    right_share double precision,
    answers integer NOT NULL,
    delivered integer NOT NULL,
    held integer NOT NULL,
    withdrawn integer NOT NULL,
    skips integer NOT NULL,
    panel_answers integer NOT NULL,
    median_seconds double precision,
    task_times integer[] NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    CONSTRAINT roster_state_check CHECK ((state = ANY (ARRAY['admitted'::text, 'boundary'::text, 'dismissed'::text, 'panel'::text])))
);

CREATE TABLE rule_versions (
    project integer NOT NULL,
    version integer NOT NULL,
    rules jsonb NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_by text NOT NULL,
    CONSTRAINT rule_versions_version_check CHECK ((version > 0))
);

CREATE TABLE second_answers (
    project integer NOT NULL,
    id bigint NOT NULL,
    audit bigint NOT NULL,
    labeler integer NOT NULL,
    task bigint NOT NULL,
    content bigint NOT NULL,
    choice smallint NOT NULL,
    is_overlap boolean NOT NULL,
    place double precision NOT NULL,
    auditor integer,
    claimed_until timestamp with time zone,
    said smallint,
    shown smallint[],
    answered_at timestamp with time zone,
    CONSTRAINT second_answers_check CHECK (((answered_at IS NULL) = (said IS NULL)))
);

ALTER TABLE second_answers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME second_answers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE sessions (
    hash bytea NOT NULL,
    account integer NOT NULL,
    user_agent text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT sessions_hash_check CHECK ((length(hash) = 32))
);

CREATE TABLE spreads (
    project integer NOT NULL,
    span smallint NOT NULL,
    at timestamp with time zone NOT NULL,
    measure text NOT NULL,
    bucket smallint NOT NULL,
    count integer NOT NULL,
    CONSTRAINT spreads_measure_check CHECK ((measure = ANY (ARRAY['task'::text, 'label'::text, 'due'::text])))
);

CREATE TABLE tallied (
    project integer NOT NULL,
    "position" bigint NOT NULL
);

CREATE TABLE tallies (
    project integer NOT NULL,
    batch integer NOT NULL,
    price integer NOT NULL,
    pushed bigint NOT NULL,
    labels bigint NOT NULL,
    cancelled bigint NOT NULL,
    expired bigint NOT NULL,
    withdrawn bigint NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE tally_changes (
    project integer NOT NULL,
    id bigint NOT NULL,
    batch integer NOT NULL,
    pushed integer NOT NULL,
    cancelled integer NOT NULL
);

ALTER TABLE tally_changes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tally_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE task_inputs (
    project integer NOT NULL,
    task bigint NOT NULL,
    input jsonb NOT NULL,
    metadata jsonb,
    rules jsonb NOT NULL,
    characters integer
);

CREATE TABLE tasks (
    project integer NOT NULL,
    id bigint NOT NULL,
    unique_id text,
    batch integer,
    content bigint NOT NULL,
    state text NOT NULL,
    priority integer NOT NULL,
    deadline timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT tasks_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'labelled'::text, 'cancelled'::text, 'expired'::text, 'benchmark'::text, 'reference'::text])))
)
WITH (fillfactor='80');

ALTER TABLE tasks ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE watches (
    project integer NOT NULL,
    metric text NOT NULL,
    upto timestamp with time zone NOT NULL,
    sums jsonb NOT NULL,
    range jsonb,
    lent_by integer
);

CREATE TABLE webhooks (
    id integer NOT NULL,
    project integer NOT NULL,
    url text NOT NULL,
    secret text NOT NULL,
    events text[] NOT NULL,
    state text NOT NULL,
    reason text,
    "position" bigint DEFAULT 0 NOT NULL,
    sending_to bigint,
    tries integer DEFAULT 0 NOT NULL,
    next_try_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT webhooks_state_check CHECK ((state = ANY (ARRAY['enabled'::text, 'disabled'::text])))
);

ALTER TABLE webhooks ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME webhooks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY log ATTACH PARTITION log_other DEFAULT;

ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_issuer_subject_key UNIQUE (issuer, subject);

ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_labeler_key UNIQUE (labeler);

ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_login_key UNIQUE (login);

ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY alerts
    ADD CONSTRAINT alerts_pkey PRIMARY KEY (project, id);

ALTER TABLE ONLY answers
    ADD CONSTRAINT answers_pkey PRIMARY KEY (project, attempt);

ALTER TABLE ONLY api_keys
    ADD CONSTRAINT api_keys_hash_key UNIQUE (hash);

ALTER TABLE ONLY api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (project, id);

ALTER TABLE ONLY audits
    ADD CONSTRAINT audits_pkey PRIMARY KEY (project, id);

ALTER TABLE ONLY batches
    ADD CONSTRAINT batches_pkey PRIMARY KEY (project, id);

ALTER TABLE ONLY batches
    ADD CONSTRAINT batches_project_name_key UNIQUE (project, name);

ALTER TABLE ONLY benchmarks
    ADD CONSTRAINT benchmarks_pkey PRIMARY KEY (project, task);

ALTER TABLE ONLY bootstraps
    ADD CONSTRAINT bootstraps_pkey PRIMARY KEY (project);

ALTER TABLE ONLY cards
    ADD CONSTRAINT cards_pkey PRIMARY KEY (project, labeler);

ALTER TABLE ONLY channels
    ADD CONSTRAINT channels_pkey PRIMARY KEY (id);

ALTER TABLE ONLY content_erasures
    ADD CONSTRAINT content_erasures_pkey PRIMARY KEY (project);

ALTER TABLE ONLY customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (webhook, id);

ALTER TABLE ONLY disputes
    ADD CONSTRAINT disputes_pkey PRIMARY KEY (project, attempt);

ALTER TABLE ONLY entries
    ADD CONSTRAINT entries_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY erasures
    ADD CONSTRAINT erasures_account_key UNIQUE (account);

ALTER TABLE ONLY erasures
    ADD CONSTRAINT erasures_labeler_key UNIQUE (labeler);

ALTER TABLE ONLY erasures
    ADD CONSTRAINT erasures_pkey PRIMARY KEY (id);

ALTER TABLE ONLY figures
    ADD CONSTRAINT figures_pkey PRIMARY KEY (project, span, at);

ALTER TABLE ONLY filter_checks
    ADD CONSTRAINT filter_checks_pkey PRIMARY KEY (project, at);

ALTER TABLE ONLY forgotten
    ADD CONSTRAINT forgotten_pkey PRIMARY KEY (what);

ALTER TABLE ONLY gauges
    ADD CONSTRAINT gauges_pkey PRIMARY KEY (project, span, at);

ALTER TABLE ONLY holds
    ADD CONSTRAINT holds_pkey PRIMARY KEY (project, labeler, attempt);

ALTER TABLE ONLY idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (api_key, key);

ALTER TABLE ONLY instance
    ADD CONSTRAINT instance_pkey PRIMARY KEY (one);

ALTER TABLE ONLY invitations
    ADD CONSTRAINT invitations_hash_key UNIQUE (hash);

ALTER TABLE ONLY invitations
    ADD CONSTRAINT invitations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY item_versions
    ADD CONSTRAINT item_versions_pkey PRIMARY KEY (project, task, version);

ALTER TABLE ONLY labeler_days
    ADD CONSTRAINT labeler_days_pkey PRIMARY KEY (labeler, day);

ALTER TABLE ONLY labelers
    ADD CONSTRAINT labelers_name_key UNIQUE (name);

ALTER TABLE ONLY labelers
    ADD CONSTRAINT labelers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY labels
    ADD CONSTRAINT labels_pkey PRIMARY KEY (project, id);

ALTER TABLE ONLY looked
    ADD CONSTRAINT looked_pkey PRIMARY KEY (project);

ALTER TABLE ONLY looks
    ADD CONSTRAINT looks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY measurements
    ADD CONSTRAINT measurements_pkey PRIMARY KEY (project);

ALTER TABLE ONLY model_versions
    ADD CONSTRAINT model_versions_pkey PRIMARY KEY (project, version);

ALTER TABLE ONLY mutes
    ADD CONSTRAINT mutes_pkey PRIMARY KEY (project, kind, subject);

ALTER TABLE ONLY notices
    ADD CONSTRAINT notices_pkey PRIMARY KEY (channel, project, alert, event);

ALTER TABLE ONLY outbox_positions
    ADD CONSTRAINT outbox_positions_pkey PRIMARY KEY (project);

ALTER TABLE ONLY pairs
    ADD CONSTRAINT pairs_pkey PRIMARY KEY (project, span, at, source, options, one, other);

ALTER TABLE ONLY plans
    ADD CONSTRAINT plans_pkey PRIMARY KEY (project);

ALTER TABLE ONLY policy_versions
    ADD CONSTRAINT policy_versions_pkey PRIMARY KEY (project, version);

ALTER TABLE ONLY prices
    ADD CONSTRAINT prices_pkey PRIMARY KEY (project, version);

ALTER TABLE ONLY projects
    ADD CONSTRAINT projects_pkey PRIMARY KEY (id);

ALTER TABLE ONLY pushes
    ADD CONSTRAINT pushes_pkey PRIMARY KEY (project, at);

ALTER TABLE ONLY reference_answers
    ADD CONSTRAINT reference_answers_pkey PRIMARY KEY (project, due, attempt);

ALTER TABLE ONLY reference_items
    ADD CONSTRAINT reference_items_pkey PRIMARY KEY (project, task, since);

ALTER TABLE ONLY reference_runs
    ADD CONSTRAINT reference_runs_pkey PRIMARY KEY (project, due);

ALTER TABLE ONLY reference_sets
    ADD CONSTRAINT reference_sets_pkey PRIMARY KEY (project, version);

ALTER TABLE ONLY rescorings
    ADD CONSTRAINT rescorings_pkey PRIMARY KEY (project, labeler);

ALTER TABLE ONLY rollups
    ADD CONSTRAINT rollups_pkey PRIMARY KEY (name);

ALTER TABLE ONLY roster
    ADD CONSTRAINT roster_pkey PRIMARY KEY (project, labeler);

ALTER TABLE ONLY rule_versions
    ADD CONSTRAINT rule_versions_pkey PRIMARY KEY (project, version);

ALTER TABLE ONLY second_answers
    ADD CONSTRAINT second_answers_pkey PRIMARY KEY (project, id);

ALTER TABLE ONLY sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY spreads
    ADD CONSTRAINT spreads_pkey PRIMARY KEY (project, span, at, measure, bucket);

ALTER TABLE ONLY standings
    ADD CONSTRAINT standings_pkey PRIMARY KEY (project, labeler);

ALTER TABLE ONLY tallied
    ADD CONSTRAINT tallied_pkey PRIMARY KEY (project);

ALTER TABLE ONLY tallies
    ADD CONSTRAINT tallies_pkey PRIMARY KEY (project, batch, price);

ALTER TABLE ONLY tally_changes
    ADD CONSTRAINT tally_changes_pkey PRIMARY KEY (project, id);

ALTER TABLE ONLY task_inputs
    ADD CONSTRAINT task_inputs_pkey PRIMARY KEY (project, task);

ALTER TABLE ONLY tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (project, id);

ALTER TABLE ONLY trust
    ADD CONSTRAINT trust_pkey PRIMARY KEY (project, labeler);

ALTER TABLE ONLY watches
    ADD CONSTRAINT watches_pkey PRIMARY KEY (project, metric);

ALTER TABLE ONLY webhooks
    ADD CONSTRAINT webhooks_pkey PRIMARY KEY (id);

CREATE INDEX accounts_customer ON accounts USING btree (customer, login) WHERE (customer IS NOT NULL);

CREATE INDEX accounts_role ON accounts USING btree (role, login);

CREATE INDEX alerts_latest ON alerts USING btree (id DESC);

CREATE UNIQUE INDEX alerts_open ON alerts USING btree (project, kind, subject) WHERE (resolved_at IS NULL);

CREATE INDEX alerts_waiting ON alerts USING btree (id DESC) WHERE (resolved_at IS NULL);

CREATE INDEX api_keys_customer ON api_keys USING btree (customer, id) WHERE (customer IS NOT NULL);

CREATE INDEX attempts_leased ON attempts USING btree (project, expires_at) WHERE (state = 'leased'::text);

CREATE UNIQUE INDEX attempts_never_twice ON attempts USING btree (project, content, labeler) WHERE (labeler IS NOT NULL);

CREATE INDEX attempts_queue ON attempts USING btree (project, stage, lane, due_at, urgency, id) WHERE (state = 'open'::text);

CREATE INDEX attempts_task ON attempts USING btree (project, task);

CREATE INDEX audits_drawn ON audits USING btree (project, drawn_at);

CREATE INDEX audits_ended ON audits USING btree (project, ended_at) WHERE (ended_at IS NOT NULL);

CREATE UNIQUE INDEX audits_open ON audits USING btree (project, labeler) WHERE (ended_at IS NULL);

CREATE INDEX batches_undrained ON batches USING btree (project, id) WHERE (drained_at IS NULL);

CREATE INDEX benchmarks_basis ON benchmarks USING btree (project, basis, task);

CREATE INDEX benchmarks_candidates ON benchmarks USING btree (project) WHERE (state = 'candidate'::text);

CREATE INDEX benchmarks_created ON benchmarks USING btree (project, created_at);

CREATE INDEX benchmarks_flagged ON benchmarks USING btree (project, task) WHERE (flag IS NOT NULL);

CREATE INDEX benchmarks_in_doubt ON benchmarks USING btree (flagged_at, project, task) WHERE (flag IS NOT NULL);

CREATE UNIQUE INDEX benchmarks_ordinal ON benchmarks USING btree (project, ordinal) WHERE (ordinal IS NOT NULL);

CREATE INDEX benchmarks_promoted ON benchmarks USING btree (project, promoted_at) WHERE (promoted_at IS NOT NULL);

CREATE INDEX benchmarks_recount ON benchmarks USING btree (project) WHERE recount;

CREATE INDEX benchmarks_revision ON benchmarks USING btree (project, revision);

CREATE INDEX benchmarks_state ON benchmarks USING btree (project, state, task);

CREATE INDEX cards_labeler ON cards USING btree (labeler);

CREATE INDEX channels_project ON channels USING btree (project);

CREATE INDEX content_erasures_under_way ON content_erasures USING btree (project) WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX customers_house ON customers USING btree (is_house) WHERE is_house;

CREATE INDEX disputes_labeler ON disputes USING btree (labeler, made_at);

CREATE INDEX disputes_task ON disputes USING btree (project, task);

CREATE INDEX entries_account ON entries USING btree (account);

CREATE INDEX entries_expiry ON entries USING btree (expires_at);

CREATE INDEX erasures_under_way ON erasures USING btree (id) WHERE (ended_at IS NULL);

CREATE UNIQUE INDEX holds_attempt ON holds USING btree (project, attempt);

CREATE INDEX holds_expiry ON holds USING btree (project, expires_at);

CREATE INDEX holds_task ON holds USING btree (project, task);

CREATE INDEX invitations_maker ON invitations USING btree (created_by);

CREATE INDEX item_versions_struck ON item_versions USING btree (project, task) WHERE struck;

CREATE INDEX labelers_sandbox ON labelers USING btree (sandbox) WHERE (sandbox IS NOT NULL);

CREATE UNIQUE INDEX labels_current ON labels USING btree (project, task) WHERE (withdrawn_at IS NULL);

CREATE INDEX labels_withdrawn ON labels USING btree (project, task, id) WHERE (withdrawn_at IS NOT NULL);

CREATE INDEX log_audits ON ONLY log USING btree (at) WHERE (kind = 'audit'::text);

CREATE INDEX log_labeler ON ONLY log USING btree (project, labeler, at, id) WHERE ((n IS NULL) AND (labeler IS NOT NULL));

CREATE INDEX log_order ON ONLY log USING brin (id) WITH (pages_per_range='32', autosummarize='on');

CREATE INDEX log_other_at_idx ON log_other USING btree (at) WHERE (kind = 'audit'::text);

CREATE INDEX log_other_id_idx ON log_other USING brin (id) WITH (pages_per_range='32', autosummarize='on');

CREATE INDEX log_project ON ONLY log USING btree (project, kind, at) WHERE (kind = ANY (ARRAY['open'::text, 'model'::text]));

CREATE INDEX log_other_project_kind_at_idx ON log_other USING btree (project, kind, at) WHERE (kind = ANY (ARRAY['open'::text, 'model'::text]));

CREATE INDEX log_other_project_labeler_at_id_idx ON log_other USING btree (project, labeler, at, id) WHERE ((n IS NULL) AND (labeler IS NOT NULL));

CREATE UNIQUE INDEX log_standing ON ONLY log USING btree (project, labeler, n, at) WHERE (n IS NOT NULL);

CREATE UNIQUE INDEX log_other_project_labeler_n_at_idx ON log_other USING btree (project, labeler, n, at) WHERE (n IS NOT NULL);

CREATE INDEX log_task ON ONLY log USING btree (project, task);

CREATE INDEX log_other_project_task_idx ON log_other USING btree (project, task);

CREATE INDEX looks_labeler ON looks USING btree (labeler, asked_at);

CREATE INDEX looks_queue ON looks USING btree (asked_at, id) WHERE (settled_at IS NULL);

CREATE UNIQUE INDEX looks_waiting ON looks USING btree (project, labeler) WHERE (settled_at IS NULL);

CREATE INDEX notices_alert ON notices USING btree (project, alert);

CREATE INDEX notices_due ON notices USING btree (next_try_at) WHERE (next_try_at IS NOT NULL);

CREATE UNIQUE INDEX outbox_position ON outbox USING btree (project, "position") WHERE ("position" IS NOT NULL);

CREATE UNIQUE INDEX outbox_unnumbered ON outbox USING btree (project, id) WHERE ("position" IS NULL);

CREATE INDEX projects_closed_at ON projects USING btree (closed_at, id) WHERE ((contents = 'kept'::text) AND (closed_at IS NOT NULL));

CREATE INDEX projects_customer ON projects USING btree (customer);

CREATE INDEX projects_family ON projects USING btree (family) WHERE (family IS NOT NULL);

CREATE INDEX projects_sandbox ON projects USING btree (sandbox_of) WHERE (sandbox_of IS NOT NULL);

CREATE INDEX projects_state ON projects USING btree (state, id);

CREATE UNIQUE INDEX reference_items_current ON reference_items USING btree (project, task) WHERE (until IS NULL);

CREATE UNIQUE INDEX reference_runs_under_way ON reference_runs USING btree (project) WHERE (ended_at IS NULL);

CREATE INDEX roster_answers ON roster USING btree (project, state, answers, labeler);

CREATE INDEX roster_benchmarks ON roster USING btree (project, state, benchmarks, labeler);

CREATE INDEX roster_delivered ON roster USING btree (project, state, delivered, labeler);

CREATE INDEX roster_held ON roster USING btree (project, state, held, labeler);

CREATE INDEX roster_median_seconds ON roster USING btree (project, state, COALESCE(median_seconds, ('-1'::integer)::double precision), labeler);

CREATE INDEX roster_name ON roster USING btree (project, state, name COLLATE "C", labeler);

CREATE INDEX roster_p_all ON roster USING btree (project, state, COALESCE(p_all, ('-1'::integer)::double precision), labeler);

CREATE INDEX roster_p_benchmarks ON roster USING btree (project, state, COALESCE(p_benchmarks, ('-1'::integer)::double precision), labeler);

CREATE INDEX roster_panel_answers ON roster USING btree (project, state, panel_answers, labeler);

CREATE INDEX roster_right_share ON roster USING btree (project, state, COALESCE(right_share, ('-1'::integer)::double precision), labeler);

CREATE INDEX roster_seen_at ON roster USING btree (project, state, seen_at, labeler);

CREATE INDEX roster_skips ON roster USING btree (project, state, skips, labeler);

CREATE INDEX roster_withdrawn ON roster USING btree (project, state, withdrawn, labeler);

CREATE INDEX second_answers_audit ON second_answers USING btree (project, audit, task);

CREATE INDEX second_answers_overlap ON second_answers USING btree (project, answered_at) WHERE is_overlap;

CREATE INDEX second_answers_queue ON second_answers USING btree (place, project, id) WHERE (answered_at IS NULL);

CREATE INDEX sessions_account ON sessions USING btree (account);

CREATE INDEX sessions_expiry ON sessions USING btree (expires_at);

CREATE INDEX standings_boundary ON standings USING btree (project, labeler) WHERE (state = 'boundary'::text);

CREATE INDEX standings_labeler ON standings USING btree (labeler);

CREATE INDEX standings_panel ON standings USING btree (project, labeler) WHERE (panel IS NOT NULL);

CREATE INDEX standings_review ON standings USING btree (project) WHERE (review_wanted IS NOT NULL);

CREATE INDEX tasks_batch ON tasks USING btree (project, batch, id) WHERE (batch IS NOT NULL);

CREATE INDEX tasks_content ON tasks USING btree (project, content, id);

CREATE UNIQUE INDEX tasks_unique_id ON tasks USING btree (project, unique_id) WHERE (unique_id IS NOT NULL);

CREATE INDEX webhooks_project ON webhooks USING btree (project);

ALTER INDEX log_audits ATTACH PARTITION log_other_at_idx;

ALTER INDEX log_order ATTACH PARTITION log_other_id_idx;

ALTER INDEX log_project ATTACH PARTITION log_other_project_kind_at_idx;

ALTER INDEX log_labeler ATTACH PARTITION log_other_project_labeler_at_id_idx;

ALTER INDEX log_standing ATTACH PARTITION log_other_project_labeler_n_at_idx;

ALTER INDEX log_task ATTACH PARTITION log_other_project_task_idx;

CREATE TRIGGER refuse_the_house BEFORE INSERT OR UPDATE OF customer ON accounts FOR EACH ROW WHEN ((new.customer IS NOT NULL)) EXECUTE FUNCTION refuse_the_house();

CREATE TRIGGER refuse_the_house BEFORE INSERT OR UPDATE OF customer ON api_keys FOR EACH ROW WHEN ((new.customer IS NOT NULL)) EXECUTE FUNCTION refuse_the_house();

CREATE TRIGGER refuse_the_house BEFORE INSERT OR UPDATE OF customer ON invitations FOR EACH ROW WHEN ((new.customer IS NOT NULL)) EXECUTE FUNCTION refuse_the_house();

ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_customer_fkey FOREIGN KEY (customer) REFERENCES customers(id);

ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_labeler_fkey FOREIGN KEY (labeler) REFERENCES labelers(id);

ALTER TABLE ONLY api_keys
    ADD CONSTRAINT api_keys_customer_fkey FOREIGN KEY (customer) REFERENCES customers(id);

ALTER TABLE ONLY api_keys
    ADD CONSTRAINT api_keys_labeler_fkey FOREIGN KEY (labeler) REFERENCES labelers(id);

ALTER TABLE ONLY audits
    ADD CONSTRAINT audits_labeler_fkey FOREIGN KEY (labeler) REFERENCES labelers(id);

ALTER TABLE ONLY audits
    ADD CONSTRAINT audits_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY batches
    ADD CONSTRAINT batches_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY channels
    ADD CONSTRAINT channels_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY content_erasures
    ADD CONSTRAINT content_erasures_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY deliveries
    ADD CONSTRAINT deliveries_webhook_fkey FOREIGN KEY (webhook) REFERENCES webhooks(id) ON DELETE CASCADE;

ALTER TABLE ONLY entries
    ADD CONSTRAINT entries_account_fkey FOREIGN KEY (account) REFERENCES accounts(id);

ALTER TABLE ONLY erasures
    ADD CONSTRAINT erasures_account_fkey FOREIGN KEY (account) REFERENCES accounts(id);

ALTER TABLE ONLY erasures
    ADD CONSTRAINT erasures_confirmed_by_fkey FOREIGN KEY (confirmed_by) REFERENCES accounts(id);

ALTER TABLE ONLY erasures
    ADD CONSTRAINT erasures_labeler_fkey FOREIGN KEY (labeler) REFERENCES labelers(id);

ALTER TABLE ONLY filter_checks
    ADD CONSTRAINT filter_checks_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY invitations
    ADD CONSTRAINT invitations_account_fkey FOREIGN KEY (account) REFERENCES accounts(id);

ALTER TABLE ONLY invitations
    ADD CONSTRAINT invitations_created_by_fkey FOREIGN KEY (created_by) REFERENCES accounts(id);

ALTER TABLE ONLY invitations
    ADD CONSTRAINT invitations_customer_fkey FOREIGN KEY (customer) REFERENCES customers(id);

ALTER TABLE ONLY labelers
    ADD CONSTRAINT labelers_sandbox_fkey FOREIGN KEY (sandbox) REFERENCES projects(id);

ALTER TABLE ONLY looked
    ADD CONSTRAINT looked_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY looks
    ADD CONSTRAINT looks_labeler_fkey FOREIGN KEY (labeler) REFERENCES labelers(id);

ALTER TABLE ONLY looks
    ADD CONSTRAINT looks_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY looks
    ADD CONSTRAINT looks_settled_by_fkey FOREIGN KEY (settled_by) REFERENCES accounts(id);

ALTER TABLE ONLY measurements
    ADD CONSTRAINT measurements_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY model_versions
    ADD CONSTRAINT model_versions_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY mutes
    ADD CONSTRAINT mutes_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY notices
    ADD CONSTRAINT notices_channel_fkey FOREIGN KEY (channel) REFERENCES channels(id) ON DELETE CASCADE;

ALTER TABLE ONLY notices
    ADD CONSTRAINT notices_project_alert_fkey FOREIGN KEY (project, alert) REFERENCES alerts(project, id);

ALTER TABLE ONLY outbox_positions
    ADD CONSTRAINT outbox_positions_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY policy_versions
    ADD CONSTRAINT policy_versions_account_fkey FOREIGN KEY (account) REFERENCES accounts(id);

ALTER TABLE ONLY policy_versions
    ADD CONSTRAINT policy_versions_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY prices
    ADD CONSTRAINT prices_account_fkey FOREIGN KEY (account) REFERENCES accounts(id);

ALTER TABLE ONLY prices
    ADD CONSTRAINT prices_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY projects
    ADD CONSTRAINT projects_copy_of_fkey FOREIGN KEY (copy_of) REFERENCES projects(id);

ALTER TABLE ONLY projects
    ADD CONSTRAINT projects_customer_fkey FOREIGN KEY (customer) REFERENCES customers(id);

ALTER TABLE ONLY projects
    ADD CONSTRAINT projects_sandbox_of_fkey FOREIGN KEY (sandbox_of) REFERENCES projects(id);

ALTER TABLE ONLY reference_runs
    ADD CONSTRAINT reference_runs_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY reference_sets
    ADD CONSTRAINT reference_sets_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY rule_versions
    ADD CONSTRAINT rule_versions_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY second_answers
    ADD CONSTRAINT second_answers_auditor_fkey FOREIGN KEY (auditor) REFERENCES labelers(id);

ALTER TABLE ONLY second_answers
    ADD CONSTRAINT second_answers_project_audit_fkey FOREIGN KEY (project, audit) REFERENCES audits(project, id) ON DELETE CASCADE;

ALTER TABLE ONLY sessions
    ADD CONSTRAINT sessions_account_fkey FOREIGN KEY (account) REFERENCES accounts(id);

ALTER TABLE ONLY tallied
    ADD CONSTRAINT tallied_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY watches
    ADD CONSTRAINT watches_lent_by_fkey FOREIGN KEY (lent_by) REFERENCES projects(id);

ALTER TABLE ONLY watches
    ADD CONSTRAINT watches_project_fkey FOREIGN KEY (project) REFERENCES projects(id);

ALTER TABLE ONLY webhooks
    ADD CONSTRAINT webhooks_project_fkey FOREIGN KEY (project) REFERENCES projects(id);
