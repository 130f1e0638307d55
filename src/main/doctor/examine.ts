import { resolve } from 'node:path';
import { type Area, type Check, checksOf } from '#core/doctor/check.ts';
import type { Settings } from '#core/settings.ts';
import { messageOf } from '#lib/errors.ts';
import type { System } from '#lib/system.ts';
import { readLock } from '#storage/data-directory-lock.ts';

import { examineDatabase } from './examine-database.ts';
import { examineDisk } from './examine-disk.ts';
import { examineMachine } from './examine-machine.ts';
import { examineNetwork } from './examine-network.ts';
import { examineSecrets } from './examine-secrets.ts';
import { examineUploads } from './examine-uploads.ts';

/** What the parts of an examination have in common. */
export interface Patient {
  readonly settings: Settings;
  readonly dataDir: string;
  readonly system: System;
  readonly version: string;
  /** Addresses of the Rollbook that runs on the data directory; null: none does. */
  readonly running: { readonly pid: number; readonly addresses: readonly string[] } | null;
}

/**
 * Looks at everything that Rollbook needs, and changes nothing but a file and an object of a few bytes that it removes again. It starts nothing: neither
 * the service nor a database has to run, and what cannot be looked at then is said.
 */
export async function examine(settings: Settings, system: System, version: string): Promise<Check[]> {
  const dataDir = resolve(settings.dataDir);
  const running = await readLock(dataDir).catch(() => undefined);
  const patient: Patient = { settings, dataDir, system, version, running: running ?? null };
  const checks = [...(await orSay('disk', () => examineDisk(patient)))];
  checks.push(...(await orSay('machine', () => examineMachine(patient))));
  checks.push(...(await orSay('network', () => examineNetwork(patient))));
  const { keys, checks: secrets } = await examineSecrets(patient);
  checks.push(...secrets);
  checks.push(...(await orSay('database', () => examineDatabase(patient, keys))));
  checks.push(...(await orSay('uploads', () => examineUploads(patient))));
  return checks;
}

/** An examination that fails says so, and the others go on. */
async function orSay(area: Area, work: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await work();
  } catch (error) {
    return [checksOf(area).unknown('examination', `It could not be looked at: ${messageOf(error)}.`)];
  }
}
