-- What the tasks of a closed project say is erased, on request or by age (ADR 0043).

ALTER TABLE projects
    ADD COLUMN closed_at timestamptz,
    ADD COLUMN contents text NOT NULL DEFAULT 'kept' CHECK (contents IN ('kept', 'erasing', 'erased')),
    ADD CONSTRAINT projects_contents CHECK (contents = 'kept' OR state = 'closed');
UPDATE projects SET closed_at = now() WHERE state = 'closed';
ALTER TABLE projects ADD CONSTRAINT projects_closed CHECK ((state = 'closed') = (closed_at IS NOT NULL));
CREATE INDEX projects_closed_at ON projects (closed_at, id) WHERE contents = 'kept' AND closed_at IS NOT NULL;

-- How much there was to read, in characters: standings rest on it where time tells. Null while the contents are there.
ALTER TABLE task_inputs ADD COLUMN characters integer;

-- How far it has come, so that one that was killed goes on.
CREATE TABLE content_erasures (
    project integer PRIMARY KEY REFERENCES projects,
    asked_at timestamptz NOT NULL,
    task bigint NOT NULL DEFAULT 0,                -- what was said in and of tasks up to this one is gone for good
    ended_at timestamptz
);
CREATE INDEX content_erasures_under_way ON content_erasures (project) WHERE ended_at IS NULL;
