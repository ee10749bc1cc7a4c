-- name: count_put_back
-- How many candidates ended for this reason before their panel was through.
SELECT count(*) FROM benchmarks WHERE project = %(project)s AND state = 'retired' AND reason = %(reason)s;

-- name: candidates
-- Tasks of candidates under way, up to a bound.
SELECT task FROM benchmarks WHERE project = %(project)s AND state = 'candidate' ORDER BY task LIMIT %(bound)s;
