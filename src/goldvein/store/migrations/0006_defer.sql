-- Answers that a labeler keeps back for a few seconds, to think better of them, with the next task in hand already.

-- The lease deferred last: it is deferred for as long as it is a lease.
ALTER TABLE labelers ADD COLUMN deferred_project integer, ADD COLUMN deferred_attempt bigint;

-- When its labeler was done with it, for now: time on task ends here and not with the answer's receipt.
ALTER TABLE attempts ADD COLUMN deferred_at timestamptz;

-- When its labeler turned to it, where that was later than it was handed out: fetched ahead, or after an undo.
ALTER TABLE attempts ADD COLUMN begun_at timestamptz;
