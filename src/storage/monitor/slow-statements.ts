import type { Pool, PoolClient } from 'pg';

/** A statement that took long: what it is and where it stands, never with what. */
export interface SlowStatement {
  readonly ms: number;
  /** The beginning of the text; quoted values in it are left out. */
  readonly statement: string;
  /** The first place outside of the driver and of database.ts: `src/storage/runs/claim-run.ts:71`; null: not known. */
  readonly site: string | null;
}

export interface SlowStatementOptions {
  readonly thresholdMs: number;
  readonly onSlow: (slow: SlowStatement) => void;
}

const LONGEST = 300;

/** Watches every statement of a pool's connections. It costs a stack per statement: for development, and for the hunt. */
export function watchSlowStatements(pool: Pool, options: SlowStatementOptions): void {
  pool.on('connect', (client) => watchClient(client, options));
}

function watchClient(client: PoolClient, { thresholdMs, onSlow }: SlowStatementOptions): void {
  const query = client.query.bind(client) as (...parts: unknown[]) => unknown;
  const watched = (...parts: unknown[]): unknown => {
    const startedMs = performance.now();
    const site = siteOf(new Error('here').stack);
    const answer = query(...parts);
    // COPY and cursors hand out a stream: how long that lasts is up to who reads it.
    if (!(answer instanceof Promise)) return answer;
    const judge = (): void => {
      const ms = Math.round(performance.now() - startedMs);
      if (ms >= thresholdMs) onSlow({ ms, statement: shortened(textOf(parts[0])), site });
    };
    answer.then(judge, judge);
    return answer;
  };
  Object.assign(client, { query: watched });
}

function textOf(statement: unknown): string {
  if (typeof statement === 'string') return statement;
  const { name, text } = statement as { readonly name?: string; readonly text?: string };
  return `${name === undefined ? '' : `(${name}) `}${text ?? ''}`;
}

/** One line, without what stands in quotes: values are bound, but one that somebody wrote into a text must not get out either. */
function shortened(text: string): string {
  const line = text
    .replaceAll(/\$(\w*)\$[^]*?\$\1\$/g, '?')
    .replaceAll(/'(?:[^']|'')*'/g, '?')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line;
}

function siteOf(stack: string | undefined): string | null {
  for (const line of stack?.split('\n').slice(1) ?? []) {
    const [, path, row] = /((?:src|dist)\/[^\s():]+):(\d+):\d+\)?$/.exec(line) ?? [];
    if (path === undefined || line.includes('/node_modules/')) continue;
    if (/storage\/(?:database|monitor\/slow-statements)\.[jt]s$/.test(path)) continue;
    return `${path}:${row ?? ''}`;
  }
  return null;
}
