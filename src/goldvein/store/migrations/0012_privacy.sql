-- People who asked to be forgotten, and how far that has come (ADR 0041).

ALTER TABLE labelers ADD COLUMN erased_at timestamptz;
ALTER TABLE accounts ADD COLUMN erased_at timestamptz;
ALTER TABLE accounts ADD CHECK (erased_at IS NULL OR disabled_at IS NOT NULL);

-- One row a person, whom it names by numbers alone; it stays, so that an erasure that was killed goes on.
CREATE TABLE erasures (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account integer REFERENCES accounts UNIQUE,
    labeler integer REFERENCES labelers UNIQUE,
    asked_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    confirmed_by integer REFERENCES accounts,      -- null: at the server's own terminal
    project integer NOT NULL DEFAULT 0,            -- what was said in projects up to this one is gone
    ended_at timestamptz,
    CHECK (account IS NOT NULL OR labeler IS NOT NULL),
    CHECK (ended_at IS NULL OR confirmed_at IS NOT NULL)
);
CREATE INDEX erasures_under_way ON erasures (id) WHERE ended_at IS NULL;

-- How far the log was read to forget by age what its answers came with; ids up to it are done.
CREATE TABLE forgotten (
    what text PRIMARY KEY CHECK (what IN ('focus', 'comments')),
    upto bigint NOT NULL
);
INSERT INTO forgotten (what, upto) VALUES ('focus', 0), ('comments', 0);
