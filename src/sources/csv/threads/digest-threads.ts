import { Worker } from 'node:worker_threads';

import { must } from '#lib/assert.ts';

import type { FormatDefinition } from '../format.ts';
import type { DigestedLines, DigestJob, DigestLines, ToDigestThread } from './row-digest.ts';

/** How rows are digested in threads. */
export interface DigestOptions {
  readonly threads: DigestThreads;
  /** Files below that are read without them. */
  readonly leastBytes: number;
  /** Lines that a thread gets at once, in bytes. */
  readonly linesBytes: number;
}

/** And what has to be known of the roster. */
export interface DigestContext extends DigestOptions {
  readonly format: FormatDefinition['name'];
  readonly hashKey: Uint8Array;
  readonly fingerprint: Uint8Array;
}

/** Starting the threads takes about as long as reading a smaller file without them. */
const LEAST_BYTES = 32 * 1024 * 1024;

/** Stages with that many threads; 0: without any. `leastBytes`: files below that are read without them. */
export async function withDigestThreads<T>(
  count: number,
  stage: (options: DigestOptions | null) => Promise<T>,
  leastBytes = LEAST_BYTES,
): Promise<T> {
  if (count === 0) return stage(null);
  const threads = new DigestThreads(count);
  try {
    return await stage({ threads, leastBytes, linesBytes: 512 * 1024 });
  } finally {
    await threads.close();
  }
}

interface Waiting {
  resolve(digested: DigestedLines): void;
  reject(error: unknown): void;
}

/** Threads that digest rows, for the files of one roster one after the other. They start with the first file that has use for them. */
export class DigestThreads {
  readonly count: number;
  readonly #threads: DigestThread[] = [];
  #next = 0;

  /** `count`: at least 1. */
  constructor(count: number) {
    this.count = count;
  }

  /** From here on lines are of this file. */
  open(job: DigestJob): void {
    while (this.#threads.length < this.count) this.#threads.push(new DigestThread());
    for (const thread of this.#threads) thread.send(job);
  }

  digest(lines: Omit<DigestLines, 'type'>): Promise<DigestedLines> {
    const thread = must(this.#threads[this.#next]);
    this.#next = (this.#next + 1) % this.count;
    return thread.digest(lines);
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

class DigestThread {
  readonly #worker: Worker;
  /** It answers in the order it was asked. */
  readonly #waiting: Waiting[] = [];
  #failure: Error | null = null;

  constructor() {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./digest-thread.${extension}`, import.meta.url), {
      name: 'rollbook digest',
      // What it keeps is in shared memory.
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 },
    });
    this.#worker.on('message', (digested: DigestedLines) => must(this.#waiting.shift()).resolve(digested));
    this.#worker.on('error', (error: Error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('a thread that digests rows ended')));
  }

  send(message: ToDigestThread): void {
    this.#worker.postMessage(message, []);
  }

  digest(lines: Omit<DigestLines, 'type'>): Promise<DigestedLines> {
    const digested = new Promise<DigestedLines>((resolve, reject) => {
      if (this.#failure !== null) reject(this.#failure);
      else this.#waiting.push({ resolve, reject });
    });
    // Whoever is no longer interested need not hear that it failed.
    digested.catch(() => undefined);
    this.send({ type: 'lines', ...lines });
    return digested;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#failure);
  }
}
