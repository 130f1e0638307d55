import { createHash } from 'node:crypto';

import type { FileSummary, MappingSettings, SourceFile } from '../../contract.ts';
import type { FindingCollector } from '../../finding-collector.ts';
import { hashed } from '../../hashed.ts';
import type { FormatDefinition } from '../format.ts';
import { checkManifest, readManifest } from '../manifest.ts';
import { inspectRows, type Scan, scanFile } from './scan-file.ts';

/** Compares the files of a delta set, before they are merged, with what their sender says of them (manifest.json). */
export async function checkSentFiles(
  manifestFile: SourceFile,
  { files }: FormatDefinition,
  filesByName: ReadonlyMap<string, SourceFile>,
  uploaded: readonly SourceFile[],
  mapping: MappingSettings,
  findings: FindingCollector,
): Promise<void> {
  const manifest = await readManifest(manifestFile, findings);
  if (manifest === null) return;
  const summaries: FileSummary[] = [];
  for (const definition of files) {
    const { name } = definition;
    const file = filesByName.get(name);
    if (file === undefined || !manifest.has(name)) continue;
    const layout = await inspectRows(file, definition, mapping);
    const sha256 = createHash('sha256');
    const scan: Scan = { titles: null, fault: null };
    let rows = 0;
    let sizeBytes = 0;
    const counted = {
      async *open(): AsyncGenerator<Uint8Array> {
        for await (const chunk of hashed(file.open(), sha256)) {
          sizeBytes += chunk.length;
          yield chunk;
        }
      },
    };
    for await (const _ of scanFile(counted, name, layout, scan, (_row, isHeader) => {
      if (!isHeader) rows += 1;
    }));
    summaries.push({
      file: name,
      sizeBytes,
      sha256: sha256.digest('hex'),
      rows,
      badRows: 0,
      endsInBreak: true,
      recordsBefore: 0,
      inManifest: true,
      archive: file.archive,
    });
  }
  checkManifest(manifest, summaries, uploaded, findings);
}
