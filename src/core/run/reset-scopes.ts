/** What a reset forgets, part by part. Graph's reset, which names none, forgets them all. */
export const RESET_SCOPES = ['errors', 'escrow', 'snapshot', 'watermark', 'quarantine'] as const;

/**
 * errors: recorded errors of dropped rows. escrow: records that wait for another attempt, with their errors. snapshot: what was read
 * last, so that the next run compares with the directory. watermark: which run was let in last; runs that wait or
 * execute end, and the next one needs files. quarantine: the quarantine, and the broken runs that led to it.
 */
export type ResetScope = (typeof RESET_SCOPES)[number];

export const ALL_RESET_SCOPES: ReadonlySet<ResetScope> = new Set(RESET_SCOPES);

/** The scopes that were asked for, `all` being every one of them; else what is wrong with them, for a person. */
export function readResetScopes(
  asked: readonly string[],
): { readonly scopes: ReadonlySet<ResetScope> } | { readonly problem: string } {
  const possible = `${RESET_SCOPES.join(', ')} or all`;
  if (asked.length === 0) return { problem: `Name at least one of ${possible}.` };
  const unknown = asked.filter((name) => name !== 'all' && !isResetScope(name));
  if (unknown.length > 0)
    return {
      problem: `There is no scope ${unknown.map((name) => `'${name.slice(0, 64)}'`).join(', ')}. Use ${possible}.`,
    };
  if (asked.includes('all')) return { scopes: ALL_RESET_SCOPES };
  return { scopes: new Set(asked.filter(isResetScope)) };
}

function isResetScope(name: string): name is ResetScope {
  return RESET_SCOPES.some((scope) => scope === name);
}
