/** Days that a link of a delta query goes on (Graph: seven for the education types). */
export const DELTA_TOKEN_DAYS = 7;

/** Days for which somebody may ask what changed: a round that began with an old link may take as long again, and ends with a new one. */
export const DELTA_DAYS = 2 * DELTA_TOKEN_DAYS + 1;
