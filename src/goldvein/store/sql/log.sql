-- name: insert_many
-- Decisions, in the order in which they were taken.
INSERT INTO log (project, at, kind, labeler, n, attempt, task, stage, choice, shown, item_version, model_version,
                 policy_version, rate, draw, exposures, milliseconds, p_benchmarks, p_all, benchmarks, decision, detail)
SELECT project, %(now)s, kind, labeler, n, attempt, task, stage, choice, string_to_array(shown, ',')::smallint[], item_version,
       model_version, policy_version, rate, draw, exposures, milliseconds, p_benchmarks, p_all, benchmarks, decision, detail
FROM unnest(%(project)s::integer[], %(kind)s::text[], %(labeler)s::integer[], %(n)s::bigint[], %(attempt)s::bigint[],
            %(task)s::bigint[], %(stage)s::text[], %(choice)s::smallint[], %(shown)s::text[], %(item_version)s::integer[],
            %(model_version)s::integer[], %(policy_version)s::integer[], %(rate)s::real[], %(draw)s::real[],
            %(exposures)s::integer[], %(milliseconds)s::integer[],
            %(p_benchmarks)s::float8[], %(p_all)s::float8[], %(benchmarks)s::integer[], %(decision)s::text[],
            %(detail)s::jsonb[])
     AS new (project, kind, labeler, n, attempt, task, stage, choice, shown, item_version, model_version, policy_version, rate,
             draw, exposures, milliseconds, p_benchmarks, p_all, benchmarks, decision, detail);

-- name: of_project
-- Openings and model versions of a project, refused ones as well, in the order written.
SELECT kind, labeler, attempt, task, at, p_benchmarks, p_all, benchmarks, policy_version, decision, detail
FROM log WHERE project = %(project)s AND kind IN ('open', 'model') AND kind = %(kind)s ORDER BY at, id;

-- name: count_decisions
-- How many ordinary answers the gate let out, held and dropped, and how holds ended.
SELECT CASE WHEN kind = 'answer' THEN coalesce(decision, stage) ELSE kind END, count(*)
FROM log WHERE project = %(project)s AND kind IN ('answer', 'release', 'discard', 'withdraw') GROUP BY 1;
