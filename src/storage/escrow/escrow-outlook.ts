/** What the message of an open error says about a record in escrow, `e`: when it is tried next, or that it is not. */
export const ESCROW_OUTLOOK = `case
  when e.next_attempt_at is not null then
    ' It is tried again by itself, next at ' || to_char(e.next_attempt_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '.'
  when e.dropped_at is not null then
    ' It failed for four weeks and is not tried by itself any more: a new upload tries it again.'
  else '' end`;
