-- name: page
-- Labelers at the boundary over all projects that go on, but for whoever asks.
SELECT s.project, p.name, s.labeler, l.name, s.p_benchmarks, s.p_all, s.benchmarks, s.answers, s.skips, s.held, s.admitted_at,
       s.updated_at, s.model_version, s.posterior
FROM standings s
JOIN projects p ON p.id = s.project
JOIN labelers l ON l.id = s.labeler
WHERE s.state = 'boundary' AND (s.project, s.labeler) > (%(after_project)s::integer, %(after_labeler)s::integer)
  AND p.state <> 'closed' AND p.sandbox_of IS NULL AND s.labeler IS DISTINCT FROM %(own)s::integer
ORDER BY s.project, s.labeler LIMIT %(limit)s;

-- name: page_of_project
-- Those of one project.
SELECT s.project, p.name, s.labeler, l.name, s.p_benchmarks, s.p_all, s.benchmarks, s.answers, s.skips, s.held, s.admitted_at,
       s.updated_at, s.model_version, s.posterior
FROM standings s
JOIN projects p ON p.id = s.project
JOIN labelers l ON l.id = s.labeler
WHERE s.state = 'boundary' AND s.project = %(project)s AND s.labeler > %(after_labeler)s
  AND s.labeler IS DISTINCT FROM %(own)s::integer
ORDER BY s.labeler LIMIT %(limit)s;

-- name: counts
-- How many there are in each project that goes on, up to a bound of all.
SELECT s.project, p.name, count(*)
FROM (SELECT project FROM standings WHERE state = 'boundary' ORDER BY project, labeler LIMIT %(bound)s) AS s
JOIN projects p ON p.id = s.project AND p.state <> 'closed' AND p.sandbox_of IS NULL
GROUP BY s.project, p.name ORDER BY s.project;
