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
  const kept = new Map<string, string>();
  /** As the connection of a request executes what it keeps: a plan for any values is made once the first few have shown that it is no worse. */
  const executeKept = async (text: string, values: readonly unknown[] = []): Promise<string> => {
    let name = kept.get(text);
    if (name === undefined) {
      name = `kept_${kept.size}`;
      kept.set(text, name);
      await tx.query(`prepare ${name} as ${text}`);
    }
    return `execute ${name}(${values.map((value) => client.escapeLiteral(String(value))).join(', ')})`;
  };
  return {
    async explain(read) {
      const sum = { ms: 0, planningMs: 0, buffers: 0 };
      await read({
        ...tx,
        async query(text, values, options) {
          const explain = 'explain (analyze, buffers, timing off, format json)';
          const [row] = await (options?.keep === true
            ? tx.query<ExplainRow>(`${explain} ${await executeKept(text, values)}`)
            : tx.query<ExplainRow>(`${explain} ${text}`, values));
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

interface ExplainRow {
  readonly 'QUERY PLAN': [Plan];
}

interface Plan {
  readonly 'Planning Time': number;
  readonly 'Execution Time': number;
  readonly Plan: { readonly 'Shared Hit Blocks': number; readonly 'Shared Read Blocks': number };
}
