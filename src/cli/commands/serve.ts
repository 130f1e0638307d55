import { resolveSettings } from '#core/resolve-settings.ts';
import { flagOf, SETTINGS, type Settings } from '#core/settings.ts';
import { OperationalError } from '#lib/errors.ts';

import type { StartedServer } from '../cli-deps.ts';
import type { Command, CommandCall } from '../command.ts';

export const serveCommand: Command = {
  name: 'serve',
  summary: 'Run the service until it is told to stop.',
  description: [
    'Starts PostgreSQL (unless DATABASE_URL names one), the HTTP API and the workers. The first start makes a tenant and an administrator application: their credentials stand in DATA_DIR/credentials.json.',
    'Ends in order on Ctrl-C and SIGTERM. A run that executes then goes on at the next start.',
  ],
  arguments: [],
  options: {},
  shared: ['settings'],
  examples: [
    { line: 'rollbook serve', summary: 'At http://127.0.0.1:8080 and https://127.0.0.1:8443, with ./data.' },
    {
      line: 'DATABASE_URL=postgresql://rollbook@db/rollbook rollbook serve --host 0.0.0.0 --mode api',
      summary: 'One of several processes on one PostgreSQL.',
    },
  ],
  exits: [],
  async run(call) {
    const resolved = resolveSettings({ flags: call.given, env: call.io.env });
    const server = await call.deps.startServer(resolved).catch((error: unknown) => {
      throw cannotListen(error, resolved.values) ?? error;
    });
    call.view.note(servingLine(server, resolved.values));
    await untilInterrupted(call);
    await server.stop();
    return 'ok';
  },
};

export function servingLine(server: StartedServer, settings: Settings): string {
  return server.addresses.length === 0
    ? `Rollbook works (mode ${settings.mode}); data in ${settings.dataDir}`
    : `Rollbook serves ${server.addresses.join(' and ')}; data in ${settings.dataDir}`;
}

/** Resolves on Ctrl-C or SIGTERM. */
export function untilInterrupted({ io }: CommandCall): Promise<void> {
  // An abort listener alone does not keep the process alive; the servers do, and a worker has its timers.
  return new Promise((resolve) => {
    if (io.interrupt.aborted) resolve();
    else io.interrupt.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Why nobody can listen where the settings say, with the setting to change; null for any other error. */
export function cannotListen(error: unknown, settings: Settings): OperationalError | null {
  const unknownHost = unknownHostOf(error, settings);
  if (unknownHost !== null) return unknownHost;
  const refused = refusedListenOf(error);
  if (refused === null) return null;
  const { code, port } = refused;
  const name =
    (['httpsPort', 'metricsPort', 'port'] as const).find((setting) => settings[setting] === port) ?? 'port';
  const setting = `${SETTINGS[name].env} or --${flagOf(name)}`;
  switch (code) {
    case 'EADDRINUSE':
      return new OperationalError(
        'PortInUse',
        `Port ${port} is in use by another program. Choose another with ${setting} (0 takes any free one), or stop that program.`,
        { cause: error },
      );
    case 'EACCES':
      return new OperationalError(
        'PortRefused',
        `This user may not listen at port ${port}. Choose one from 1024 on with ${setting}, or give the program the right to bind lower ones.`,
        { cause: error },
      );
    case 'EADDRNOTAVAIL':
      return new OperationalError(
        'AddressNotHere',
        `${name === 'metricsPort' ? settings.metricsHost : settings.host} is no address of this machine, so nobody can listen there. Set ${name === 'metricsPort' ? 'METRICS_HOST' : 'HOST'} to one of it, or to 0.0.0.0 for all.`,
        { cause: error },
      );
  }
}

/** The name to listen at leads nowhere. The name of a database that is not found comes with another error around it. */
function unknownHostOf(error: unknown, settings: Settings): OperationalError | null {
  if (!(error instanceof Error)) return null;
  const { syscall, hostname } = error as NodeJS.ErrnoException & { hostname?: unknown };
  const name = (['host', 'metricsHost'] as const).find((setting) => settings[setting] === hostname);
  if (syscall !== 'getaddrinfo' || name === undefined) return null;
  return new OperationalError(
    'AddressUnknown',
    `${settings[name]} is no address, and no name that leads to one. Set ${SETTINGS[name].env} to an address of this machine, or to 0.0.0.0 for all.`,
    { cause: error },
  );
}

/** The port of an EADDRINUSE anywhere in the chain of causes. */
export function takenPortOf(error: unknown): number | null {
  const refused = refusedListenOf(error);
  return refused?.code === 'EADDRINUSE' ? refused.port : null;
}

const REFUSALS = ['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL'] as const;

/** A refused listen anywhere in the chain of causes, with its port. */
function refusedListenOf(error: unknown): { code: (typeof REFUSALS)[number]; port: number } | null {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    const { code, port, syscall } = current as NodeJS.ErrnoException & { port?: unknown };
    const refusal = syscall === 'listen' ? REFUSALS.find((known) => known === code) : undefined;
    if (refusal !== undefined) return { code: refusal, port: typeof port === 'number' ? port : 0 };
  }
  return null;
}
