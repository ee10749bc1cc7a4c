-- name: save
-- A project as measured now.
INSERT INTO measurements (project, measured_at, accuracy) VALUES (%(project)s, %(now)s, %(accuracy)s)
ON CONFLICT (project) DO UPDATE SET measured_at = excluded.measured_at, accuracy = excluded.accuracy;

-- name: find
-- What was last measured of a project.
SELECT measured_at, accuracy FROM measurements WHERE project = %(project)s;
