-- name: count_ended
-- How many candidates ended without having been benchmarks: put back, withheld, and for anything else.
SELECT count(*) FILTER (WHERE reason = %(put_back)s), count(*) FILTER (WHERE reason = %(withheld)s),
       count(*) FILTER (WHERE reason NOT IN (%(put_back)s, %(withheld)s))
FROM benchmarks WHERE project = %(project)s AND state = 'retired' AND ordinal IS NULL;

-- name: candidates
-- Tasks of candidates under way, up to a bound.
SELECT task FROM benchmarks WHERE project = %(project)s AND state = 'candidate' ORDER BY task LIMIT %(bound)s;
