-- What labelers are shown of themselves, and how they ask for another look (ADR 0030).

-- What a labeler's card says of one project. It changes once a day at most, and only over many benchmarks at once.
CREATE TABLE cards (
    project integer NOT NULL,
    labeler integer NOT NULL,
    level text NOT NULL CHECK (level IN ('on_course', 'trusted', 'looked_at')),
    benchmarks integer NOT NULL,               -- answered since the admission when the card was last refreshed
    admitted_at timestamptz NOT NULL,          -- that admission
    refreshed_at timestamptz NOT NULL,
    PRIMARY KEY (project, labeler)
);
CREATE INDEX cards_labeler ON cards (labeler);

-- Wishes of people who were dismissed for another look at their work; one at a time.
CREATE TABLE looks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project integer NOT NULL REFERENCES projects,
    labeler integer NOT NULL REFERENCES labelers,
    words text NOT NULL,
    asked_at timestamptz NOT NULL,
    settled_at timestamptz,
    settled_by integer REFERENCES accounts,
    reply text,
    CHECK ((settled_at IS NULL) = (reply IS NULL))
);
CREATE UNIQUE INDEX looks_waiting ON looks (project, labeler) WHERE settled_at IS NULL;
CREATE INDEX looks_queue ON looks (asked_at, id) WHERE settled_at IS NULL;
CREATE INDEX looks_labeler ON looks (labeler, asked_at);

-- A labeler's own disputes, for the card.
CREATE INDEX disputes_labeler ON disputes (labeler, made_at);

-- How much each labeler did on each day (UTC), rolled up from the log beside the way: of every kind of task alike.
CREATE TABLE labeler_days (
    labeler integer NOT NULL,
    day date NOT NULL,
    answers integer NOT NULL,
    skips integer NOT NULL,
    PRIMARY KEY (labeler, day)
) WITH (fillfactor = 50);
INSERT INTO rollups (name, upto) VALUES ('days', 0);
