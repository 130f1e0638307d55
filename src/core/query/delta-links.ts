/** Days that a link of a delta query goes on (Graph: seven for the education types). */
export const DELTA_TOKEN_DAYS = 7;

/** Days for which somebody may ask what changed: the first round may take as long as a link is good, and gives one that asks from where the round began. */
export const DELTA_DAYS = 2 * DELTA_TOKEN_DAYS + 1;
