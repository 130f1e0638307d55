import type { RosterFormat } from '#core/roster/formats.ts';
import { MERGE_NOTES } from '#core/upload/merge-notes.ts';
import type { FileStore } from '#files/file-store.ts';

import type { SourceFile, UploadedFile } from '../contract.ts';
import { MANIFEST_FILE } from '../csv/manifest.ts';
import { ONEROSTER_MANIFEST } from '../csv/oneroster-manifest.ts';

/** A sealed upload, as plain data for a worker thread. */
export interface StoredSet {
  readonly uploadId: string;
  readonly key: Uint8Array;
  readonly files: readonly {
    readonly name: string;
    readonly objectName: string;
    readonly sizeBytes: number;
  }[];
  /** ISO 8601. */
  readonly sealedAt: string;
  /** Made by Rollbook of delta files and the set before them. */
  readonly merged: boolean;
}

/** An upload before that of the run. `format`: what it was read as; null: no run has read it. */
export interface EarlierStoredSet extends StoredSet {
  readonly format: RosterFormat | null;
  /** A run has read it, and could not use it. */
  readonly refused: boolean;
}

/** Its files, without the notes of a merge. */
export function openStoredFiles(store: FileStore, { key, files }: StoredSet): UploadedFile[] {
  return files
    .filter(({ name }) => name !== MERGE_NOTES)
    .map(({ name, objectName, sizeBytes }) => ({
      name,
      sizeBytes,
      read: (range) => store.read(objectName, key, range),
    }));
}

/** Roster files by their name in lower case. */
export function rosterFilesByName(files: readonly SourceFile[]): Map<string, SourceFile> {
  const byName = new Map(files.map((file) => [file.name.toLowerCase(), file]));
  byName.delete(MANIFEST_FILE);
  byName.delete(ONEROSTER_MANIFEST);
  return byName;
}
