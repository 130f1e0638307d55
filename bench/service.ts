import { access } from 'node:fs/promises';
import { join } from 'node:path';

import { type PostgresServer, startPostgres } from '#storage/postgres-server/start-postgres.ts';
import { TEST_SECRET_KEY } from '#test/helpers/rollbook.ts';
import { startRollbookProcess } from '#test/helpers/rollbook-process.ts';

import { createDatabase } from './bare-copy.ts';
import { type Api, call, keepToken } from './http-client.ts';
import { createProfile } from './sync-folder.ts';

/** A Rollbook of its own process on a database of its own. */
export interface BenchService {
  readonly api: Api;
  readonly pid: number;
  readonly tenantId: string;
  /** As superuser. */
  readonly database: string;
}

/** A PostgreSQL in the directory for as long as the measurement takes. */
export async function withServer<T>(
  directory: string,
  measure: (server: PostgresServer) => Promise<T>,
): Promise<T> {
  const server = await startPostgres(join(directory, 'postgres'));
  try {
    return await measure(server);
  } finally {
    await server.stop();
  }
}

/** A service on the database of that name for as long as the measurement takes; the database is made where it is missing. */
export async function withService<T>(
  directory: string,
  server: PostgresServer,
  name: string,
  measure: (service: BenchService) => Promise<T>,
): Promise<T> {
  const database = await createDatabase(server.url, name);
  const rollbook = await startRollbookProcess({
    dataDir: dataDirectory(directory, name),
    databaseUrl: database,
    // One key for all databases of the server: they share its roles, and their password comes from it.
    env: { SECRET_KEY: TEST_SECRET_KEY },
  });
  try {
    const api = { baseUrl: rollbook.baseUrl, token: keepToken(() => rollbook.token()) };
    return await measure({ api, pid: rollbook.pid, tenantId: rollbook.tenantId, database });
  } finally {
    await rollbook.stop();
  }
}

function dataDirectory(directory: string, name: string): string {
  return join(directory, `data-${name}`);
}

/** The directory has a service of that name, from an earlier call. */
export async function hasService(directory: string, name: string): Promise<boolean> {
  return access(dataDirectory(directory, name)).then(
    () => true,
    () => false,
  );
}

/** The profile of an earlier call, else a new one. */
export async function openProfile(api: Api): Promise<string> {
  const { value } = await call<{ value: { id: string }[] }>(
    api,
    'GET',
    '/beta/education/synchronizationProfiles',
  );
  return value[0]?.id ?? (await createProfile(api, 'Bench'));
}
