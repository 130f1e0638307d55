import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { MeasuredRun } from './drill.ts';

const MAIN = fileURLToPath(new URL('../../src/main/launch.ts', import.meta.url));
const LOOK_MS = 100;
const KEPT_OUTPUT = 20_000;

/** Runs `rollbook` and looks at its memory (and that of the processes it starts) until it ends. */
export function measureRollbook(argv: readonly string[]): Promise<MeasuredRun> {
  const startMs = performance.now();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-KEPT_OUTPUT);
    });
  let peakKiB = 0;
  const look = setInterval(() => {
    if (child.pid !== undefined) peakKiB = Math.max(peakKiB, memoryOf(child.pid));
  }, LOOK_MS);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => {
      clearInterval(look);
      const seconds = (performance.now() - startMs) / 1_000;
      resolve({ exitCode, output, seconds, peakMiB: Math.round(peakKiB / 1_024) });
    });
  });
}

/** Resident memory of a process and its descendants, in KiB. Zero where /proc is not. */
function memoryOf(rootPid: number): number {
  const parents = new Map<number, { parent: number; kib: number }>();
  try {
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/u.test(name)) continue;
      const status = readStatus(name);
      if (status !== null) parents.set(Number(name), status);
    }
  } catch {
    return 0;
  }
  let sum = 0;
  for (const [pid, { kib }] of parents) {
    let at: number | undefined = pid;
    while (at !== undefined && at !== rootPid && at > 1) at = parents.get(at)?.parent;
    if (at === rootPid) sum += kib;
  }
  return sum;
}

/** Null: it has ended meanwhile. */
function readStatus(pid: string): { parent: number; kib: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const parent = Number(/^PPid:\s+(\d+)/mu.exec(text)?.[1] ?? '0');
    return { parent, kib: Number(/^VmRSS:\s+(\d+)/mu.exec(text)?.[1] ?? '0') };
  } catch {
    return null;
  }
}
