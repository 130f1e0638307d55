import { HEALTHS, worstOf } from '#core/doctor/check.ts';
import { resolveSettings } from '#core/resolve-settings.ts';

import type { Command, CommandCall } from '../command.ts';
import { EXIT_CODES, type ExitName, UsageError } from '../exit-codes.ts';
import { doctorLines } from '../view/doctor-lines.ts';

const FAIL_ON = ['fault', 'warning'] as const;
type FailOn = (typeof FAIL_ON)[number];

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Look at all that Rollbook needs, and say what to change.',
  description: [
    'Works beside a running service and without one, and with a database that is down: what cannot be looked at then is said. It starts nothing, asks nothing outside but the database, the service and a bucket of uploads, and writes a few bytes into DATA_DIR and into that bucket that it removes again.',
    'Run it as the user that runs Rollbook, with the same settings. Exit code 0: nothing is wrong, or only warnings; 9: something has to be changed; with --fail-on warning also 8.',
  ],
  arguments: [],
  options: {
    all: { type: 'boolean', summary: 'Show what is in order, too.' },
    'fail-on': {
      type: 'string',
      value: `<${FAIL_ON.join('|')}>`,
      summary: 'The least that ends with another exit code than 0. Default: fault.',
    },
  },
  shared: ['serveSettings', 'output'],
  examples: [
    { line: 'rollbook doctor', summary: 'Before the first start, and when something does not work.' },
    {
      line: 'DATABASE_URL=postgresql://rollbook@db/rollbook rollbook doctor --all',
      summary: 'Everything that was looked at.',
    },
    { line: 'rollbook doctor --json --fail-on warning', summary: 'For a script that deploys.' },
  ],
  exits: ['warnings', 'unhealthy'],
  async run(call) {
    const failOn = failOnOf(call);
    const { values } = resolveSettings({ flags: call.given, env: call.io.env });
    const checks = await call.deps.examine(values);
    const health = worstOf(checks);
    const exit: ExitName =
      health === 'fault' ? 'unhealthy' : health === 'warning' && failOn === 'warning' ? 'warnings' : 'ok';
    call.view.result({
      document: {
        health,
        counts: Object.fromEntries(
          HEALTHS.map((name) => [name, checks.filter((check) => check.health === name).length]),
        ),
        checks,
        exitCode: EXIT_CODES[exit].code,
      },
      lines: doctorLines(checks, call.flag('all'), call.view.paint),
    });
    return exit;
  },
};

function failOnOf(call: CommandCall): FailOn {
  const option = call.option('fail-on') ?? 'fault';
  const failOn = FAIL_ON.find((name) => name === option);
  if (failOn === undefined) throw new UsageError(`--fail-on '${option}' is none of ${FAIL_ON.join(', ')}.`);
  return failOn;
}
