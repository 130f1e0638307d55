/**
 * `node scripts/graph-operations.ts [--check]`: writes the table of operations in docs/spec/graph-compat.md from the routes that are
 * registered, and what is not served from the list below, between the marks `<!-- operations -->` and `<!-- end -->`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import fastify from 'fastify';
import { format, resolveConfig } from 'prettier';

import { realSystem } from '#lib/system.ts';
import type { HttpContext } from '#http/context.ts';
import { registerRoutes } from '#http/register-routes.ts';
import { collectRoutes, type GraphOperation } from '#http/route-table.ts';

const PAGE = fileURLToPath(new URL('../docs/spec/graph-compat.md', import.meta.url));

/** What Graph served of education, or SDKs offer, and Rollbook answers with 404 or 405. */
const NOT_SERVED: readonly (readonly [operation: string, why: string])[] = [
  [
    '`/education/…/assignments`, `assignmentCategories`, `rubrics`, `modules`, `reports`',
    'class work is not a roster',
  ],
  [
    '`POST`, `PATCH`, `DELETE` on `profileStatus` and `errors`',
    'generated from metadata, never documented; the status is derived, errors end with their cause',
  ],
  ['`GET …/errors/{id}`', 'generated from metadata, never documented; errors are read as a collection'],
  ['`$search` on one profile', 'there is nothing to search in one object'],
  ['writing `/users`, `/groups`, `/directory`', 'views: what they show is written under `/education`'],
  [
    'change notifications, `/subscriptions`',
    'Graph never had them for education types; delta tells what changed',
  ],
  ['`/external/industryData`', 'the successor of the profiles is another contract'],
];

/** Every Graph operation, as a server with all its parts registers them. */
export async function graphOperations(): Promise<readonly GraphOperation[]> {
  const server = fastify();
  const table = collectRoutes(server);
  // Nothing is asked while routes are registered but for these.
  const context = {
    settings: { uploadLimits: {} },
    secretBox: { deriveKey: () => Buffer.alloc(32) },
    system: realSystem,
  };
  registerRoutes(server, context as unknown as HttpContext);
  await server.ready();
  await server.close();
  return table.graphOperations;
}

/** One row per operation: what it takes, and in which versions. */
export function operationRows(operations: readonly GraphOperation[]): string[][] {
  const rows = new Map<string, { versions: string[]; options: string }>();
  for (const { method, version, path, queryOptions } of operations) {
    const name = `${method} ${path.replaceAll(/:(\w+)/gu, '{$1}')}`;
    const options = queryOptions.map((option) => `\`${option}\``).join(' ');
    const row = rows.get(name) ?? { versions: [], options };
    row.versions.push(version);
    rows.set(name, row);
  }
  return [...rows].map(([name, { versions, options }]) => [`\`${name}\``, versions.join(', '), options]);
}

async function pageWith(stored: string, operations: readonly GraphOperation[]): Promise<string> {
  const table = [
    '| operation | versions | query options |',
    '| --- | --- | --- |',
    ...operationRows(operations).map((cells) => `| ${cells.join(' | ')} |`),
    '',
    'Not served:',
    '',
    '| operation | why |',
    '| --- | --- |',
    ...NOT_SERVED.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
  const page = stored.replace(
    /(<!-- operations -->\n)[^]*?(\n<!-- end -->)/u,
    (_, start: string, end: string) => `${start}\n${table}\n${end}`,
  );
  return format(page, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
}

if (import.meta.main) {
  const stored = readFileSync(PAGE, 'utf8');
  const wanted = await pageWith(stored, await graphOperations());
  if (!process.argv.includes('--check')) writeFileSync(PAGE, wanted);
  else if (wanted !== stored) {
    console.error('docs/spec/graph-compat.md is stale: run npm run docs');
    process.exitCode = 1;
  }
}
