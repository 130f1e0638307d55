import { type ProfileAnswer, valueAnswer } from './client/answers.ts';
import type { ApiClient } from './client/api-client.ts';
import { uploadFile } from './client/upload-file.ts';
import type { CommandCall } from './command.ts';
import { profilePath } from './profiles.ts';
import type { RosterFolder } from './roster-folder.ts';
import { formatBytes, plural } from './view/format.ts';

/** Uploads the roster files of a folder to a profile, with progress. */
export async function uploadFolder(
  { view }: CommandCall,
  client: ApiClient,
  profile: ProfileAnswer,
  folder: RosterFolder,
): Promise<void> {
  const { value } = await client.get(`${profilePath(profile.id)}/uploadUrl`, valueAnswer);
  const uploadUrl = whereReached(client, value);
  const total = folder.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let done = 0;
  const report = (): void =>
    view.progress({
      stage: 'uploading',
      percent: total === 0 ? 100 : (done / total) * 100,
      done: Math.round(done / 1024),
      total: Math.ceil(total / 1024),
      unit: 'KiB',
    });
  report();
  for (const file of folder.files) {
    await uploadFile(client.scope, uploadUrl, file, (sentBytes) => {
      done += sentBytes;
      report();
    });
  }
  view.progressDone();
  view.note(`Uploaded: ${plural(folder.files.length, 'file')}, ${formatBytes(total)}`);
}

/**
 * The container at the address by which the service was reached, which is good for it as well. PUBLIC_URL leads there from outside; from the
 * machine of the service it may lead nowhere, and to another service when this one was started for one command.
 */
function whereReached({ address }: ApiClient, uploadUrl: string): string {
  const { pathname, search } = new URL(uploadUrl);
  const container = pathname.split('/').findLast((part) => part !== '') ?? '';
  return `${address}/${container}${search}`;
}
