import { join } from 'node:path';

import type { Settings } from '#core/settings.ts';
import type { FileStoreOptions } from '#files/open-file-store.ts';
import { must } from '#lib/assert.ts';

export function uploadsDirectory(dataDir: string): string {
  return join(dataDir, 'uploads');
}

/** Where the settings say that the bytes of uploads are. */
export function fileStoreOf(settings: Settings, dataDir: string): FileStoreOptions {
  const prefix = settings.uploadPrefix ?? '';
  switch (settings.uploadStore) {
    case 'local':
      return { kind: 'local', directory: uploadsDirectory(dataDir) };
    case 's3':
      return {
        kind: 's3',
        bucket: must(settings.s3Bucket),
        endpoint: settings.s3Endpoint,
        region: settings.s3Region,
        accessKeyId: settings.s3AccessKeyId,
        secretAccessKey: settings.s3SecretAccessKey,
        prefix,
      };
    case 'azure':
      return {
        kind: 'azure',
        connection: must(settings.azureConnection),
        container: settings.azureContainer ?? '',
        prefix,
      };
  }
}
