import { forServing, inTenant } from '#storage/database.ts';
import { isSchemaNewer } from '#storage/database-errors.ts';
import { LeaseLostError, readInterruption, renewLease, signOffLease } from '#storage/runs/lease-run.ts';

import type { EngineContext } from './engine-context.ts';

/** Why a worker lets a run go before its end. outdated: a newer Rollbook has migrated the database, and goes on with it. */
export type Interruption = 'paused' | 'cancel' | 'lost' | 'shutdown' | 'outdated';

export interface RunLease {
  readonly epoch: number;
  /** Aborts when the run must be let go. */
  readonly signal: AbortSignal;
  interruption(): Interruption | null;
  /** Looks for a pause or a cancellation right now: between two batches. Throws LeaseLostError when there is one. */
  check(): Promise<void>;
  stop(): Promise<void>;
}

/** Keeps the lease alive in the background, and watches for an administrator's pause, reset or delete. */
export function keepLease(
  context: EngineContext,
  run: { tenantId: string; runId: string; epoch: number },
  shutdown: AbortSignal,
): RunLease {
  const controller = new AbortController();
  let interruption: Interruption | null = null;
  const interrupt = (reason: Interruption): void => {
    interruption ??= reason;
    controller.abort();
  };
  let signingOff: Promise<void> = Promise.resolve();
  const onShutdown = (): void => {
    interrupt('shutdown');
    signingOff = inTenant(forServing(context.db), run.tenantId, (tx) =>
      signOffLease(tx, run.runId, run.epoch),
    ).catch((error: unknown) => {
      context.log.warn({ runId: run.runId, err: error }, 'the lease could not be signed off');
    });
  };
  if (shutdown.aborted) onShutdown();
  else shutdown.addEventListener('abort', onShutdown);

  const look = async (): Promise<void> => {
    const found = await inTenant(context.db, run.tenantId, (tx) =>
      readInterruption(tx, run.runId, run.epoch),
    ).catch((error: unknown): Interruption => {
      if (isSchemaNewer(error)) return 'outdated';
      throw error;
    });
    if (found !== 'none') interrupt(found);
  };
  const beatMs = Math.min(2_000, (context.settings.leaseSeconds * 1_000) / 3);
  const stopBeating = new AbortController();
  const beating = (async () => {
    // Not the wall clock: set back by an hour it would leave the lease alone for as long.
    let renewedAtMs = performance.now();
    while (!stopBeating.signal.aborted) {
      await context.system.sleep(beatMs, stopBeating.signal);
      if (stopBeating.signal.aborted) return;
      try {
        await look();
        const nowMs = performance.now();
        if (nowMs - renewedAtMs < (context.settings.leaseSeconds * 1_000) / 3 - 1) continue;
        await inTenant(context.db, run.tenantId, (tx) =>
          renewLease(tx, { runId: run.runId, epoch: run.epoch, leaseSeconds: context.settings.leaseSeconds }),
        );
        renewedAtMs = nowMs;
      } catch (error) {
        if (error instanceof LeaseLostError) interrupt('lost');
        // A database that does not answer: the epoch still guards every batch, so trying on is safe.
        else context.log.warn({ runId: run.runId, err: error }, 'the lease could not be renewed');
      }
    }
  })();
  return {
    epoch: run.epoch,
    signal: controller.signal,
    interruption: () => interruption,
    async check() {
      if (interruption === null) await look();
      if (interruption !== null) throw new LeaseLostError(run.runId);
    },
    async stop() {
      stopBeating.abort();
      shutdown.removeEventListener('abort', onShutdown);
      await beating;
      await signingOff;
    },
  };
}
