/** A tenant with runs that somebody should be working on. */
export interface DueTenant {
  readonly tenantId: string;
  /** Its due runs, the oldest first: as many as are worth a try. */
  readonly runIds: readonly string[];
  /** Its runs that execute anywhere. */
  readonly executing: number;
  readonly lastStartedAt: Date | null;
}

/** What this process knows beyond the database: what it has just picked, and when it served whom last (milliseconds since 1970). */
export interface OwnShare {
  readonly concurrency: number;
  /** Tenant to the number of its runs in this process. */
  readonly slots: ReadonlyMap<string, number>;
  readonly servedAt: ReadonlyMap<string, number>;
}

/**
 * The run to go on with: of the tenant that is served least (fewest executing runs, then the one whose last run started longest ago,
 * then the one with the oldest run), so that one large tenant never keeps the small ones waiting. One tenant gets all but one slot of the
 * process while another has due runs, and all of them when it is alone. `isOut`: runs that were tried in vain or are taken already.
 */
export function pickRun(
  tenants: readonly DueTenant[],
  share: OwnShare,
  isOut: (runId: string) => boolean,
): { readonly tenantId: string; readonly runId: string } | null {
  const candidates = tenants.flatMap((tenant, age) => {
    const runId = tenant.runIds.find((id) => !isOut(id));
    if (runId === undefined) return [];
    const here = share.slots.get(tenant.tenantId) ?? 0;
    return [
      {
        tenantId: tenant.tenantId,
        runId,
        isFull: share.concurrency > 1 && here >= share.concurrency - 1,
        executing: Math.max(tenant.executing, here),
        servedAt: Math.max(tenant.lastStartedAt?.getTime() ?? 0, share.servedAt.get(tenant.tenantId) ?? 0),
        age,
      },
    ];
  });
  candidates.sort(
    (a, b) =>
      Number(a.isFull) - Number(b.isFull) ||
      a.executing - b.executing ||
      a.servedAt - b.servedAt ||
      a.age - b.age,
  );
  const first = candidates[0];
  return first === undefined ? null : { tenantId: first.tenantId, runId: first.runId };
}
