import { existsSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { join, resolve } from 'node:path';

import { resolveSettings, type ResolvedSettings } from '#core/resolve-settings.ts';
import { readLock } from '#storage/data-directory-lock.ts';
import { readClusterHome } from '#storage/postgres-server/cluster-home.ts';

import { apiClient, type ApiClient, type Credentials } from './client/api-client.ts';
import { readCredentialsFile } from './client/credentials-file.ts';
import type { CommandCall } from './command.ts';
import { addressGiven, nextCommand } from './command-line.ts';
import { InterruptedError, UnreachableError, UsageError, type ExitName } from './exit-codes.ts';

const LISTEN_TIMEOUT_MS = 90_000;
const LISTEN_POLL_MS = 250;

export interface Connection {
  readonly client: ApiClient;
  /** given: --url; running: found through the lock of the data directory; started: by this command. */
  readonly how: 'given' | 'running' | 'started';
}

export interface ConnectionWish {
  /** The command makes sense on a data directory that is not there yet. */
  readonly mayCreate: boolean;
  /** A service may be started for the command. Default: true. */
  readonly mayStart?: boolean;
}

/**
 * Runs something with a client of the API: of --url (or ROLLBOOK_URL), else of the service that holds the data directory, else of one
 * that is started here and stopped afterwards.
 */
export async function withConnection(
  call: CommandCall,
  wish: ConnectionWish,
  work: (connection: Connection) => Promise<ExitName>,
): Promise<ExitName> {
  const address = givenAddress(call);
  if (address !== undefined) return work({ client: await givenClient(call, address), how: 'given' });
  const resolved = resolveSettings({ flags: call.given, env: call.io.env });
  const dataDir = resolve(resolved.values.dataDir);
  const running = await findRunning(call, dataDir);
  if (running !== null) return work({ client: await dataDirClient(call, running, dataDir), how: 'running' });
  if (wish.mayStart === false)
    throw new UnreachableError(`No Rollbook runs on ${dataDir}. Start it: ${nextCommand(call, ['serve'])}`);
  if (
    !wish.mayCreate &&
    !existsSync(join(dataDir, 'credentials.json')) &&
    resolved.values.databaseUrl === undefined &&
    (await readClusterHome(dataDir)) === undefined
  )
    throw new UnreachableError(
      `There is no Rollbook in ${dataDir}. Start one with ${nextCommand(call, ['serve'])}, sync a folder with ${nextCommand(call, ['sync'])} <folder>, or name another folder with --data-dir.`,
    );
  call.view.note(call.view.paint.dim(`Starting Rollbook on ${dataDir} for this command ...`));
  const server = await call.deps.startServer(forOneCommand(resolved));
  try {
    return await work({
      client: await dataDirClient(call, loopbackAddress(server.addresses), dataDir),
      how: 'started',
    });
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    throw new InterruptedError(
      `Interrupted. What was started goes on when Rollbook runs again: ${nextCommand(call, ['serve'])}`,
    );
  } finally {
    await server.stop();
  }
}

function givenAddress(call: CommandCall): string | undefined {
  const address = addressGiven(call);
  if (address === undefined) return undefined;
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new UsageError(`'${address}' is not an address such as https://roster.contoso.com:8443.`);
  return url.href.replace(/\/+$/u, '');
}

/** The secret of a data directory goes to a service on this machine only; elsewhere the credentials are given. */
async function givenClient(call: CommandCall, address: string): Promise<ApiClient> {
  const explicit = await explicitCredentials(call);
  if (explicit !== null) return client(call, address, explicit);
  const { hostname } = new URL(address);
  const isLocal =
    hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'));
  if (isLocal) {
    const { values } = resolveSettings({ flags: call.given, env: call.io.env });
    const found = await readCredentialsFile(join(resolve(values.dataDir), 'credentials.json'));
    if (found !== null) return client(call, address, found);
  }
  throw new UnreachableError(
    `Credentials are needed for ${address}: set ROLLBOOK_TENANT, ROLLBOOK_CLIENT_ID and ROLLBOOK_CLIENT_SECRET, or name a file with --credentials.`,
  );
}

/** A client of a service on this data directory, signed in with its credentials unless others are given. */
export async function dataDirClient(call: CommandCall, address: string, dataDir: string): Promise<ApiClient> {
  const path = join(dataDir, 'credentials.json');
  const credentials = (await explicitCredentials(call)) ?? (await readCredentialsFile(path));
  if (credentials === null)
    throw new UnreachableError(
      `${path} is missing, so there is nothing to sign in with. Set ROLLBOOK_TENANT, ROLLBOOK_CLIENT_ID and ROLLBOOK_CLIENT_SECRET, or name a file with --credentials.`,
    );
  return client(call, address, credentials);
}

/** Each may stand in an option, else in the environment. */
const CREDENTIALS = [
  ['tenant', 'ROLLBOOK_TENANT'],
  ['client-id', 'ROLLBOOK_CLIENT_ID'],
  ['client-secret', 'ROLLBOOK_CLIENT_SECRET'],
] as const;

/**
 * From the file of --credentials, else from options and environment; null when nothing is given. A part of them is refused: whoever names a
 * tenant and no more would sign in to another one.
 */
async function explicitCredentials(call: CommandCall): Promise<Credentials | null> {
  const file = call.option('credentials');
  if (file !== undefined) return credentialsOfFile(call, file);
  const values = CREDENTIALS.map(([option, variable]) => call.option(option) ?? call.io.env[variable] ?? '');
  const missing = CREDENTIALS.filter((_, index) => values[index] === '').map(([, variable]) => variable);
  if (missing.length === CREDENTIALS.length) return null;
  if (missing.length > 0)
    throw new UsageError(
      `Tenant, client id and client secret belong together, and ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing: give all three, or none.`,
    );
  const [tenantId = '', clientId = '', clientSecret = ''] = values;
  return { tenantId, clientId, clientSecret };
}

async function credentialsOfFile(call: CommandCall, file: string): Promise<Credentials> {
  const beside = CREDENTIALS.map(([option]) => option).filter((option) => call.option(option) !== undefined);
  if (beside.length > 0)
    throw new UsageError(
      `The file of --credentials says who signs in: leave out ${beside.map((option) => `--${option}`).join(' and ')}.`,
    );
  const found = await readCredentialsFile(resolve(file));
  if (found === null) throw new UsageError(`There is no file ${file}.`);
  return found;
}

function client(call: CommandCall, address: string, credentials: Credentials): ApiClient {
  let told = false;
  return apiClient(address, credentials, {
    system: call.deps.system,
    interrupt: call.io.interrupt,
    onSlow: (origin) => {
      if (told) return;
      told = true;
      call.view.note(
        call.view.paint.dim(`${origin} takes long to answer; waiting. Ctrl-C ends this command.`),
      );
    },
  });
}

/** The address of the service that holds the data directory; waits while it is starting. Null: nobody holds it. */
export async function findRunning(call: CommandCall, dataDir: string): Promise<string | null> {
  const { system } = call.deps;
  const startMs = system.now().getTime();
  for (;;) {
    const lock = await readLock(dataDir);
    if (lock === undefined) return null;
    if (lock.addresses.length > 0) return loopbackAddress(lock.addresses);
    if (system.now().getTime() - startMs > LISTEN_TIMEOUT_MS)
      throw new UnreachableError(
        `The Rollbook on ${dataDir} (process ${lock.pid}) does not listen. If it is a worker, name the address of the API with --url.`,
      );
    await system.sleep(LISTEN_POLL_MS, call.io.interrupt);
    if (call.io.interrupt.aborted) throw new InterruptedError();
  }
}

/** The plain HTTP address where there is one, on this machine where the service listens everywhere. */
export function loopbackAddress(addresses: readonly string[]): string {
  const address = addresses.find((candidate) => candidate.startsWith('http://')) ?? addresses[0];
  if (address === undefined)
    throw new UnreachableError('The service that was started does not listen anywhere.');
  return address.replace('://0.0.0.0', '://127.0.0.1').replace('://[::]', '://[::1]').replace(/\/+$/u, '');
}

/** Any free port of this machine, and only what is wrong in the log. */
function forOneCommand(resolved: ResolvedSettings): ResolvedSettings {
  const quiet = resolved.origins.logLevel === 'default' ? { logLevel: 'error' as const } : {};
  return {
    ...resolved,
    values: {
      ...resolved.values,
      host: '127.0.0.1',
      port: 0,
      httpsPort: 'off',
      // That of a service beside it, perhaps.
      metricsPort: 'off',
      mode: 'all',
      // For this command alone, which signs in with it.
      builtInIssuer: 'on',
      ...quiet,
    },
  };
}
