-- name: roll
-- Add what some rows of the log tell to the days of their labelers. All kinds of tasks count alike.
INSERT INTO labeler_days (labeler, day, answers, skips)
SELECT labeler, (at AT TIME ZONE 'UTC')::date, count(*) FILTER (WHERE kind = 'answer'), count(*) FILTER (WHERE kind = 'skip')
FROM log WHERE id > %(after)s AND id <= %(upto)s AND labeler IS NOT NULL AND kind IN ('answer', 'skip')
GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (labeler, day) DO UPDATE SET answers = labeler_days.answers + excluded.answers,
    skips = labeler_days.skips + excluded.skips;

-- name: of_labeler
-- What a labeler did on a day, in the week that ends with it, and in all.
SELECT coalesce(sum(answers) FILTER (WHERE day = %(today)s), 0), coalesce(sum(answers) FILTER (WHERE day > %(today)s - 7), 0),
       coalesce(sum(answers), 0), coalesce(sum(skips) FILTER (WHERE day > %(today)s - 7), 0)
FROM labeler_days WHERE labeler = %(labeler)s;
