import { type Check, checksOf } from '#core/doctor/check.ts';
import { type FileStoreOptions, openBucket } from '#files/open-file-store.ts';
import { readMarker } from '#files/remote/claim-bucket.ts';
import type { ObjectBucket } from '#files/remote/object-bucket.ts';
import { type ProbeStep, probeBucket } from '#files/remote/probe-bucket.ts';
import type { OperationalError } from '#lib/errors.ts';
import { readRollbookFacts } from '#storage/doctor/read-rollbook-facts.ts';
import { openLook } from '#storage/doctor/read-server-facts.ts';
import { findRunningPostgres } from '#storage/postgres-server/start-postgres.ts';

import { fileStoreOf } from '../file-store-of.ts';
import type { Patient } from './examine.ts';

const { ok, warning, fault, unknown } = checksOf('uploads');

/** Whether the bucket or container for uploads does what Rollbook needs of it, and whose it is. Uploads on a disk: examineDisk. */
export async function examineUploads(patient: Patient): Promise<Check[]> {
  const store = fileStoreOf(patient.settings, patient.dataDir);
  if (store.kind === 'local') return [];
  const bucket = await openBucket(store);
  const { failed, aheadSeconds } = await probeBucket(bucket, () => patient.system.now());
  const checks: Check[] = [];
  if (failed === null)
    checks.push(ok('storage', 'Objects can be written, read, listed and deleted in the storage of uploads.'));
  else checks.push(fault('storage', failed.error.message, remedyOf(failed.step, failed.error, store)));
  if (aheadSeconds !== null) checks.push(judgeStorageClock(aheadSeconds));
  if (failed === null) checks.push(await judgeOwner(bucket, patient));
  return checks;
}

const SETTING: Readonly<
  Record<'s3' | 'azure', Readonly<Record<'place' | 'address' | 'credentials', string>>>
> = {
  s3: {
    place: 'S3_BUCKET',
    address: 'S3_ENDPOINT and S3_REGION',
    credentials: 'S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or the role of this machine',
  },
  azure: {
    place: 'AZURE_CONTAINER',
    address: 'AZURE_CONNECTION',
    credentials: 'the key or the signature in AZURE_CONNECTION',
  },
};

/** What the storages call the right to do it. */
const RIGHT: Readonly<Record<'s3' | 'azure', Readonly<Record<ProbeStep, string>>>> = {
  s3: { write: 's3:PutObject', read: 's3:GetObject', list: 's3:ListBucket', delete: 's3:DeleteObject' },
  azure: { write: 'write (w) and create (c)', read: 'read (r)', list: 'list (l)', delete: 'delete (d)' },
};

function remedyOf(
  step: ProbeStep,
  error: OperationalError,
  { kind }: Exclude<FileStoreOptions, { readonly kind: 'local' }>,
): string {
  const setting = SETTING[kind];
  if (/TimeTooSkewed/.test(error.message))
    return 'Set the clock of this machine by NTP: signatures of another time are refused.';
  switch (error.code) {
    case 'StorageBucketMissing':
      return `Make the bucket or container, or correct ${setting.place}.`;
    case 'StorageRefused':
      return `Check ${setting.credentials}, and that they may ${step} objects under UPLOAD_PREFIX (${RIGHT[kind][step]}).`;
    case 'StorageFull':
      return 'Make room there, or raise its quota.';
    default:
      return `Check ${setting.address}, and that this machine gets there (network, proxy, certificate).`;
  }
}

/** Signatures of S3 and Azure are refused from a quarter of an hour on. */
function judgeStorageClock(aheadSeconds: number): Check {
  const size = Math.abs(aheadSeconds);
  if (size < 1) return ok('clock of the storage', 'The clocks of this machine and of the storage agree.');
  const found = `The clock of this machine is ${size.toFixed(0)} s ${aheadSeconds > 0 ? 'ahead of' : 'behind'} that of the storage.`;
  const remedy = 'Let it be set by NTP (chrony, systemd-timesyncd): from 15 minutes on requests are refused.';
  if (size > 300) return fault('clock of the storage', found, remedy);
  return size > 30
    ? warning('clock of the storage', found, remedy)
    : ok('clock of the storage', `${found} That does no harm.`);
}

async function judgeOwner(bucket: ObjectBucket, patient: Patient): Promise<Check> {
  const name = 'place for uploads';
  const owner = await readMarker(bucket);
  if (owner === null) return ok(name, 'Nobody has claimed it yet; the start does.');
  const ours = await readOwnId(patient).catch(() => null);
  if (ours === null)
    return unknown(
      name,
      `It belongs to the Rollbook ${owner}; whether that is this one, its database would have to say.`,
    );
  if (owner === ours) return ok(name, `It belongs to this Rollbook (${ours}).`);
  if (owner === patient.settings.uploadTakeOver)
    return ok(name, `It belongs to the Rollbook ${owner}; the next start takes it over.`);
  return fault(
    name,
    `It belongs to another Rollbook (${owner}), this one is ${ours}: the two would remove each other's files.`,
    `Use another UPLOAD_PREFIX or bucket; if the other one is gone for good, UPLOAD_TAKE_OVER=${owner}.`,
  );
}

async function readOwnId({ settings, dataDir }: Patient): Promise<string | null> {
  const url = settings.databaseUrl ?? (await findRunningPostgres(dataDir));
  if (url === undefined) return null;
  const client = await openLook(url);
  try {
    return (await readRollbookFacts(client)).installationId;
  } finally {
    await client.end().catch(() => undefined);
  }
}
