-- What auditors' pages read: who stands at the boundary, what was judged of late, what is said of a benchmark.

-- Neither column changes while somebody stays at the boundary, so that an answer's update of a standing stays HOT.
CREATE INDEX standings_boundary ON standings (project, labeler) WHERE state = 'boundary';

-- Partial: no other row of the log pays for it.
CREATE INDEX log_audits ON log (at) WHERE kind = 'audit';

ALTER TABLE benchmarks
    ADD COLUMN explanation text,    -- why the key is right, in the words of who gave it; for those who practise with it
    ADD COLUMN choices integer[];   -- answers by option when upkeep last looked; the last place: cannot be answered
