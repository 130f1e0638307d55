/**
 * `node scripts/api-operations.ts [--check]`: writes docs/spec/api.md, the operations of /api/v1, from the document that the service serves.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import fastify from 'fastify';
import { format, resolveConfig } from 'prettier';

import type { HttpContext } from '#http/context.ts';
import { registerRoutes } from '#http/register-routes.ts';
import { realSystem } from '#lib/system.ts';

const PAGE = fileURLToPath(new URL('../docs/spec/api.md', import.meta.url));

interface Operation {
  readonly summary: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, unknown>>;
  readonly 'x-permissions'?: {
    readonly application: readonly string[];
    readonly delegated: readonly string[];
  };
}

/** The paths of the document, as a server with all its parts makes it. */
async function readPaths(): Promise<Readonly<Record<string, Readonly<Record<string, Operation>>>>> {
  const server = fastify();
  server.decorateRequest('baseUrl', 'https://rollbook.example');
  // Nothing is asked while routes are registered but for these.
  const context = {
    settings: { uploadLimits: {}, version: '' },
    secretBox: { deriveKey: () => Buffer.alloc(32) },
    system: realSystem,
    issuer: {},
  };
  registerRoutes(server, context as unknown as HttpContext);
  const answer = await server.inject({ method: 'GET', url: '/api/v1/openapi.json' });
  await server.close();
  return answer.json<{ paths: Record<string, Record<string, Operation>> }>().paths;
}

const rows = Object.entries(await readPaths()).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => {
    const query = operation.parameters.filter((parameter) => parameter.in === 'query');
    const permissions = operation['x-permissions'];
    const needs =
      permissions === undefined
        ? 'none'
        : [...permissions.application, ...permissions.delegated].map((name) => `\`${name}\``).join(', ');
    return [
      `\`${method.toUpperCase()} ${path}\``,
      operation.summary.replace(/\.$/u, ''),
      query.map(({ name }) => `\`${name}\``).join(' '),
      needs,
      Object.keys(operation.responses).join(' '),
    ];
  }),
);
const text = [
  '# The API of Rollbook',
  '',
  'Made by `npm run docs` from the routes. What they take and answer, property by property, is in the OpenAPI document that each service serves at `/api/v1/openapi.json`, without a token. Profiles,',
  'schools, classes and users are read and written with [the operations of Microsoft Graph](graph-compat.md).',
  '',
  'Addresses begin with `/api/v1`. One of the permissions is enough; of those without `.All` at their end a signed-in person has one.',
  '',
  '| operation | what it does | query | permission | answers |',
  '| --- | --- | --- | --- | --- |',
  ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  '',
].join('\n');
const made = await format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
const stored = ((): string => {
  try {
    return readFileSync(PAGE, 'utf8').replaceAll('\r\n', '\n');
  } catch {
    return '';
  }
})();
if (stored !== made) {
  if (process.argv[2] === '--check') {
    console.error('docs/spec/api.md is not what the routes say: run "npm run docs"');
    process.exitCode = 1;
  } else {
    writeFileSync(PAGE, made);
    console.log('docs/spec/api.md written');
  }
}
