import { parentPort, workerData } from 'node:worker_threads';

import { must } from '#lib/assert.ts';
import { OperationalError } from '#lib/errors.ts';
import { databaseErrorOf, faultCodesOf } from '#storage/database-errors.ts';

import { workInBackground } from './background-thread.ts';
import type { StageResult } from './contract.ts';
import { type StageInput, type StageProgress, stageUpload } from './stage-upload.ts';

/** What the thread of a stage says to whoever started it. */
export type StageMessage =
  | { readonly type: 'progress'; readonly progress: StageProgress }
  | { readonly type: 'done'; readonly result: StageResult }
  | { readonly type: 'failed'; readonly failure: StageFailure };

/** An error as plain data: classes do not travel between threads. */
export interface StageFailure {
  readonly name: string;
  readonly code: string | null;
  readonly retry: 'retry' | 'never';
  readonly message: string;
  readonly stack: string | undefined;
  /** The codes of the error and of its causes (storage/database-errors): they do not travel, either. */
  readonly faultCodes: readonly string[];
}

/** At most five times a second. */
const PROGRESS_INTERVAL_MS = 200;

const port = must(parentPort, 'stage-worker.ts runs in a worker thread');
const say = (message: StageMessage): void => port.postMessage(message);
let lastMs = 0;
let lastStage = '';

workInBackground();
try {
  const result = await stageUpload(workerData as StageInput, (progress) => {
    const nowMs = performance.now();
    if (progress.stage === lastStage && nowMs - lastMs < PROGRESS_INTERVAL_MS) return;
    lastMs = nowMs;
    lastStage = progress.stage;
    say({ type: 'progress', progress });
  });
  say({ type: 'done', result });
} catch (error) {
  say({ type: 'failed', failure: describe(error) });
}

function describe(error: unknown): StageFailure {
  const faultCodes = faultCodesOf(error);
  if (error instanceof OperationalError) {
    const { name, code, retry, message, stack } = error;
    return { name, code, retry, message, stack, faultCodes };
  }
  const refusal = databaseErrorOf(error);
  // 57P: the server was stopped, or an administrator ended the session. 08: the connection broke.
  if (refusal !== null && !/^(?:57P|08)/.test(refusal.sqlState)) {
    // PostgreSQL's own words (and its context lines) may quote somebody's data.
    const { sqlState, constraint = '' } = refusal;
    const message = `PostgreSQL refused what was staged (SQLSTATE ${sqlState} ${constraint}).`.replace(
      ' )',
      ')',
    );
    const retry = refusal.blame === 'data' ? 'never' : 'retry';
    return { name: 'DatabaseError', code: 'StageFailed', retry, message, stack: message, faultCodes };
  }
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return {
    name,
    code: refusal !== null || isConnectionError(error) ? 'DatabaseUnavailable' : null,
    retry: 'retry',
    message,
    stack,
    faultCodes,
  };
}

function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return (
    /^E(?:CONN|PIPE|HOST|NET|NOTFOUND|TIMEDOUT)/.test(code) ||
    /connection|timeout expired/i.test(error.message)
  );
}
