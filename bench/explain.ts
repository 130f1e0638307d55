import { Client, type PoolClient } from 'pg';

import { connectionStringFor } from '#storage/connection-string.ts';
import { transactionOn, type Tx } from '#storage/database.ts';

/** What statements cost the database itself: no network, no JSON. */
export interface Explained {
  /** Planning and executing. */
  readonly ms: number;
  readonly planningMs: number;
  /** Pages of 8 KiB that were looked at, in memory or not. */
  readonly buffers: number;
}

/** Runs what reads a tenant's directory as rollbook_app, with every statement explained instead of answered. */
export interface Explainer {
  explain(read: (tx: Tx) => Promise<unknown>): Promise<Explained>;
  /** Answered. */
  query<Row>(text: string): Promise<Row[]>;
  close(): Promise<void>;
}

export async function openExplainer(superuserUrl: string, tenantId: string): Promise<Explainer> {
  const client = new Client({
    connectionString: connectionStringFor(superuserUrl, {
      settings: { role: 'rollbook_app', 'rollbook.tenant_id': tenantId },
    }),
  });
  await client.connect();
  const tx = transactionOn(client as unknown as PoolClient);
  return {
    async explain(read) {
      const sum = { ms: 0, planningMs: 0, buffers: 0 };
      await read({
        ...tx,
        async query(text, values) {
          const [row] = await tx.query<{ 'QUERY PLAN': [Plan] }>(
            `explain (analyze, buffers, timing off, format json) ${text}`,
            values,
          );
          const [plan] = row?.['QUERY PLAN'] ?? [];
          if (plan === undefined) throw new Error('nothing was explained');
          sum.ms += plan['Planning Time'] + plan['Execution Time'];
          sum.planningMs += plan['Planning Time'];
          sum.buffers += plan.Plan['Shared Hit Blocks'] + plan.Plan['Shared Read Blocks'];
          return [];
        },
      });
      return sum;
    },
    query: (text) => tx.query(text),
    close: () => client.end(),
  };
}

interface Plan {
  readonly 'Planning Time': number;
  readonly 'Execution Time': number;
  readonly Plan: { readonly 'Shared Hit Blocks': number; readonly 'Shared Read Blocks': number };
}
