-- The log as it is read backwards: each row with the benchmark's key under the item version that was served.
CREATE VIEW history AS
SELECT g.project, g.at, g.id, g.kind, g.labeler, g.n, g.attempt, g.task, g.stage, g.choice, i.key, g.item_version,
       g.rate, g.draw, g.p_benchmarks, g.p_all, g.benchmarks, g.decision, g.policy_version, g.detail, g.shown,
       g.model_version, g.exposures, g.milliseconds
FROM log g
LEFT JOIN item_versions i ON i.project = g.project AND i.task = g.task AND i.version = g.item_version;
