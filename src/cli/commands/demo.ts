import { join, resolve } from 'node:path';

import { resolveSettings, type ResolvedSettings } from '#core/resolve-settings.ts';

import type { StartedServer } from '../cli-deps.ts';
import type { ApiClient } from '../client/api-client.ts';
import type { Command, CommandCall } from '../command.ts';
import { nextCommand, shellQuote } from '../command-line.ts';
import { dataDirClient, findRunning, loopbackAddress } from '../connection.ts';
import { defaultIdentity } from '../identity-options.ts';
import { requireProfile } from '../profiles.ts';
import { openRosterFolder } from '../roster-folder.ts';
import { cannotListen, takenPortOf, untilInterrupted } from './serve.ts';
import { syncFolder } from './sync.ts';

const PROFILE = 'contoso';

export const demoCommand: Command = {
  name: 'demo',
  summary: 'Start everything, sync the example roster, and keep serving.',
  description: [
    'The example is examples/contoso, a made-up school authority. Called again on the same data directory, the sync finds that nothing has changed.',
    'When a port is taken, the demo takes a free one and says so.',
  ],
  arguments: [],
  options: {
    'no-serve': { type: 'boolean', summary: 'End after the sync instead of serving on.' },
  },
  shared: ['serveSettings', 'progress', 'output'],
  examples: [
    { line: 'rollbook demo', summary: 'In ./data.' },
    { line: 'rollbook demo --data-dir /tmp/rollbook-demo --port 0', summary: 'Elsewhere, on a free port.' },
  ],
  exits: ['held', 'errors', 'quarantined', 'paused', 'unreachable'],
  async run(call) {
    const folder = await openRosterFolder(join(call.deps.packageDir, 'examples', 'contoso'));
    const wish = { folder, profileName: PROFILE, identity: defaultIdentity(PROFILE) };
    const resolved = resolveSettings({ flags: call.given, env: call.io.env });
    const dataDir = resolve(resolved.values.dataDir);
    const running = await findRunning(call, dataDir);
    if (running !== null) {
      call.view.note(`Rollbook runs on ${dataDir} already; the demo uses it.`);
      const client = await dataDirClient(call, running, dataDir);
      const exit = await syncFolder(call, client, wish);
      await showWhatToTry(call, client, [running], dataDir);
      return exit;
    }
    call.view.note(`Starting Rollbook on ${dataDir} ...`);
    const server = await startOnFreePorts(call, quieter(resolved));
    try {
      const client = await dataDirClient(call, loopbackAddress(server.addresses), dataDir);
      const exit = await syncFolder(call, client, wish);
      if (call.flag('no-serve')) return exit;
      await showWhatToTry(call, client, server.addresses, dataDir);
      call.view.note('');
      call.view.note('Rollbook goes on serving. Ctrl-C ends it.');
      await untilInterrupted(call);
      return exit;
    } finally {
      await server.stop();
    }
  },
};

/** Whoever tries Rollbook wants to see it work: a taken port is no reason to stop. */
async function startOnFreePorts(call: CommandCall, resolved: ResolvedSettings): Promise<StartedServer> {
  let { values } = resolved;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call.deps.startServer({ ...resolved, values });
    } catch (error) {
      const port = takenPortOf(error);
      if (port === null || attempt === 3) throw cannotListen(error, values) ?? error;
      const which = port === values.httpsPort ? 'httpsPort' : 'port';
      call.view.note(`Port ${port} is in use by another program; the demo takes a free one.`);
      values = { ...values, [which]: 0 };
    }
  }
}

function quieter(resolved: ResolvedSettings): ResolvedSettings {
  if (resolved.origins.logLevel !== 'default') return resolved;
  return { ...resolved, values: { ...resolved.values, logLevel: 'error' } };
}

async function showWhatToTry(
  call: CommandCall,
  client: ApiClient,
  addresses: readonly string[],
  dataDir: string,
): Promise<void> {
  const { view } = call;
  const profile = await requireProfile(client, PROFILE);
  const curl = `curl -s -H "Authorization: Bearer $TOKEN"`;
  const status = `${client.address}/beta/education/synchronizationProfiles/${profile.id}/profileStatus`;
  for (const line of [
    '',
    `API:          ${addresses.join('  ')}`,
    `Credentials:  ${join(dataDir, 'credentials.json')}`,
    '',
    view.paint.bold('Try it, in another terminal in this folder:'),
    `  TOKEN=$(${nextCommand(call, ['token'])})`,
    ...[
      status,
      `${client.address}/v1.0/education/classes?$top=2`,
      `${client.address}/v1.0/education/users?$top=2&$select=displayName,userPrincipalName,primaryRole`,
    ].map((url) => `  ${curl} ${shellQuote(url)}`),
    '',
    `  ${nextCommand(call, ['status'])}`,
  ])
    view.note(line);
}
