import { Worker } from 'node:worker_threads';

import { OperationalError } from '#lib/errors.ts';
import { LeaseLostError } from '#storage/runs/lease-run.ts';

import type { StageResult } from './contract.ts';
import type { StageInput, StageProgress } from './stage-upload.ts';
import type { StageFailure, StageMessage } from './stage-worker.ts';

export interface StageOptions {
  /** Aborting ends the thread at once; PostgreSQL rolls its transaction back. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: StageProgress) => void;
}

/** The stage was ended from outside. */
export class StageAbortedError extends OperationalError {
  override readonly name = 'StageAbortedError';
  constructor() {
    super('StageAborted', 'Reading the files was stopped before its end.', { retry: 'retry' });
  }
}

/**
 * Stages an upload in a worker thread of its own: see stageUpload for what is in the database afterwards.
 * Errors: StageAbortedError, LeaseLostError, OperationalError with the cause (its code is that of the thread's error,
 * `DatabaseUnavailable`, or `StageFailed`). It always settles.
 */
export async function runStage(input: StageInput, options: StageOptions): Promise<StageResult> {
  const { signal, onProgress } = options;
  if (signal.aborted) throw new StageAbortedError();
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./stage-worker.${extension}`, import.meta.url), {
    workerData: input,
    name: 'rollbook stage',
    // Records are in typed arrays outside of this heap; what is in it is small.
    resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 },
  });
  const stop = new AbortController();
  try {
    return await new Promise<StageResult>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new StageAbortedError()), { signal: stop.signal });
      worker.on('message', (message: StageMessage) => {
        if (message.type === 'progress') onProgress(message.progress);
        else if (message.type === 'done') resolve(message.result);
        else reject(errorOf(message.failure, input));
      });
      worker.on('error', (cause) => reject(failed(cause)));
      worker.on('exit', (code) => reject(failed(new Error(`the thread ended with code ${code}`))));
    });
  } finally {
    stop.abort();
    await worker.terminate();
  }
}

function failed(cause: unknown): OperationalError {
  return new OperationalError('StageFailed', 'The files could not be read because of an unexpected error.', {
    retry: 'retry',
    cause,
  });
}

/** The codes of what was thrown in the thread, as a chain of causes again. */
function causeOf(codes: readonly string[], message: string): Error {
  const [code, ...rest] = codes;
  if (code === undefined) return new Error(message);
  return Object.assign(new Error(message, rest.length === 0 ? {} : { cause: causeOf(rest, message) }), {
    code,
  });
}

function errorOf(failure: StageFailure, input: StageInput): OperationalError {
  if (failure.code === 'LeaseLost') return new LeaseLostError(input.runId);
  const cause = causeOf(failure.faultCodes, failure.message);
  cause.name = failure.name;
  if (failure.stack !== undefined) cause.stack = failure.stack;
  if (failure.code === null) return failed(cause);
  if (failure.code === 'DatabaseUnavailable') {
    return new OperationalError(
      'DatabaseUnavailable',
      'PostgreSQL could not be reached while the files were read.',
      {
        retry: 'retry',
        cause,
      },
    );
  }
  return new OperationalError(failure.code, failure.message, { retry: failure.retry, cause });
}
