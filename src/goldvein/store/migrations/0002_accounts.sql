-- People who use the pages: how they sign in, what they may do, and the links by which they came.

-- `role` follows the labeler's where the account is a labeler's; a customer's account sees one customer's
-- projects; operators and admins belong to nobody. A login is a name or an e-mail address, in lower case.
CREATE TABLE accounts (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login text COLLATE "C" NOT NULL UNIQUE CHECK (login = lower(login)),  -- "C": a prefix is a range of the index
    password_hash text,                     -- argon2id; none: single sign-on only
    role text NOT NULL CHECK (role IN ('customer', 'labeler', 'trusted', 'auditor', 'operator', 'admin')),
    customer integer REFERENCES customers,
    labeler integer UNIQUE REFERENCES labelers,
    issuer text,                            -- OpenID Connect: who vouches, and for whom
    subject text,
    failures integer NOT NULL DEFAULT 0,    -- wrong passwords since the last right one
    locked_until timestamptz,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz,
    CHECK ((role = 'customer') = (customer IS NOT NULL)),
    CHECK ((role IN ('labeler', 'trusted', 'auditor')) = (labeler IS NOT NULL)),
    CHECK ((issuer IS NULL) = (subject IS NULL)),
    UNIQUE (issuer, subject)
);
CREATE INDEX accounts_customer ON accounts (customer, login) WHERE customer IS NOT NULL;
CREATE INDEX accounts_role ON accounts (role, login);

-- A session is the SHA-256 of a random token that only the browser has; to sign out is to delete the row.
CREATE TABLE sessions (
    hash bytea PRIMARY KEY CHECK (length(hash) = 32),
    account integer NOT NULL REFERENCES accounts,
    user_agent text NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_account ON sessions (account);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- A link that signs one person in, once, within minutes: for the first admin and for who lost a password.
CREATE TABLE entries (
    hash bytea PRIMARY KEY CHECK (length(hash) = 32),
    account integer NOT NULL REFERENCES accounts,
    expires_at timestamptz NOT NULL
);
CREATE INDEX entries_account ON entries (account);
CREATE INDEX entries_expiry ON entries (expires_at);

-- A link by which somebody gets an account, or (`account`) a new password for the one they have.
CREATE TABLE invitations (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
    role text NOT NULL CHECK (role IN ('customer', 'labeler', 'trusted', 'auditor', 'operator', 'admin')),
    customer integer REFERENCES customers,
    account integer REFERENCES accounts,
    note text NOT NULL DEFAULT '',
    uses_left integer NOT NULL CHECK (uses_left >= 0),
    used integer NOT NULL DEFAULT 0,
    created_by integer REFERENCES accounts,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CHECK ((role = 'customer') = (customer IS NOT NULL))
);
CREATE INDEX invitations_maker ON invitations (created_by);

-- The last characters of a key, by which its owner knows it again.
ALTER TABLE api_keys ADD COLUMN ending text;
CREATE INDEX api_keys_customer ON api_keys (customer, id) WHERE customer IS NOT NULL;

-- A page may use an Idempotency-Key as a program does: its sender is then the account, with a minus before its id.
ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_api_key_fkey;
