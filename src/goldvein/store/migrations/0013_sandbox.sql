-- Sandboxes: copies of projects to try changes on and to keep labelers at work, which no customer sees (ADR 0042).

-- Sandboxes belong to the house, for which nobody can sign in, and no key is made.
ALTER TABLE customers ADD COLUMN is_house boolean NOT NULL DEFAULT false;
CREATE UNIQUE INDEX customers_house ON customers (is_house) WHERE is_house;

CREATE FUNCTION refuse_the_house() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM customers WHERE id = NEW.customer AND is_house) THEN
        RAISE foreign_key_violation USING MESSAGE = 'nobody comes in as the house',
            DETAIL = 'customer ' || NEW.customer || ' is the house: its projects are sandboxes, which no customer sees';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse_the_house BEFORE INSERT OR UPDATE OF customer ON api_keys
    FOR EACH ROW WHEN (NEW.customer IS NOT NULL) EXECUTE FUNCTION refuse_the_house();
CREATE TRIGGER refuse_the_house BEFORE INSERT OR UPDATE OF customer ON accounts
    FOR EACH ROW WHEN (NEW.customer IS NOT NULL) EXECUTE FUNCTION refuse_the_house();
CREATE TRIGGER refuse_the_house BEFORE INSERT OR UPDATE OF customer ON invitations
    FOR EACH ROW WHEN (NEW.customer IS NOT NULL) EXECUTE FUNCTION refuse_the_house();

ALTER TABLE projects
    ADD COLUMN sandbox_of integer REFERENCES projects,
    ADD COLUMN warm_per_day integer NOT NULL DEFAULT 0 CHECK (warm_per_day >= 0),  -- pieces of work for people without any
    ADD COLUMN warm_on boolean NOT NULL DEFAULT false,  -- whether there is some of it left today
    ADD CONSTRAINT projects_warm CHECK (sandbox_of IS NOT NULL OR (warm_per_day = 0 AND NOT warm_on));
CREATE INDEX projects_sandbox ON projects (sandbox_of) WHERE sandbox_of IS NOT NULL;

-- A simulated labeler works in one sandbox and nowhere else.
ALTER TABLE labelers ADD COLUMN sandbox integer REFERENCES projects;
CREATE INDEX labelers_sandbox ON labelers (sandbox) WHERE sandbox IS NOT NULL;
