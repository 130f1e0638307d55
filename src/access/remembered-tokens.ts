import type { JWTPayload } from 'jose';
import type { System } from '#lib/system.ts';

/** Claims of tokens whose signature was checked a moment ago: clients send one token with thousands of requests. */
export interface RememberedTokens {
  find(this: void, token: string): JWTPayload | undefined;
  remember(this: void, token: string, payload: JWTPayload): void;
}

/** So long, at most, a token is taken after its signing key was withdrawn. */
const REMEMBER_MS = 30_000;
const MOST_TOKENS = 1_000;

/** In the memory of this process; never beyond the token's own end. Whether its application still may is not remembered here. */
export function rememberedTokens(system: Pick<System, 'now'>): RememberedTokens {
  const entries = new Map<string, { readonly until: number; readonly payload: JWTPayload }>();
  return {
    find(token) {
      const entry = entries.get(token);
      return entry !== undefined && entry.until > system.now().getTime() ? entry.payload : undefined;
    },
    remember(token, payload) {
      if (entries.size >= MOST_TOKENS) entries.clear();
      const until = Math.min(system.now().getTime() + REMEMBER_MS, (payload.exp ?? 0) * 1_000);
      entries.set(token, { until, payload });
    },
  };
}
