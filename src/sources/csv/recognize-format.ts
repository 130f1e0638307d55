import type { RecognizedFormat, RosterFormat } from '#core/roster/formats.ts';
import { must } from '#lib/assert.ts';

import type { SourceFile } from '../contract.ts';
import { readTitles, SEPARATORS } from './find-separator.ts';
import { type FileDefinition, type FormatDefinition, looseTitle } from './format.ts';
import { FORMATS } from './formats.ts';
import { ONEROSTER_MANIFEST, readOneRosterManifest, versionOf } from './oneroster-manifest.ts';
import { detectUtf16 } from './text-encoding.ts';
import { openTranscoder } from './transcoder.ts';

export interface Recognition {
  readonly definition: FormatDefinition;
  readonly recognized: RecognizedFormat;
}

/** A header line that is longer is not worth a guess; reading it properly will say what is wrong. */
const HEAD_BYTES = 64 * 1024;

/**
 * The format of a roster: the one most of whose files are there; of formats with files of the same names, the one most of whose required
 * columns are there. `set`: what the profile says, which is not doubted.
 */
export async function recognizeFormat(
  files: readonly SourceFile[],
  set: RosterFormat | null,
): Promise<Recognition> {
  if (set !== null) return recognition(FORMATS[set], 'set', ['The profile says so.']);
  const filesByName = new Map(files.map((file) => [file.name.toLowerCase(), file]));
  const said = await formatOfManifest(filesByName.get(ONEROSTER_MANIFEST));
  if (said !== null) return said;
  const present = (format: FormatDefinition): FileDefinition[] =>
    format.files.filter(({ name }) => filesByName.has(name));
  const formats = Object.values(FORMATS);
  const most = Math.max(...formats.map((format) => present(format).length));
  const [first, ...others] = formats.filter((format) => present(format).length === most);
  const best = must(first);
  if (most === 0)
    return {
      definition: best,
      recognized: {
        name: null,
        title: 'Format not known',
        how: 'unknown',
        evidence: ['No file of a format that Rollbook reads is there.'],
      },
    };
  const byName = (format: FormatDefinition): string => {
    const names = present(format).map(({ name }) => name);
    const required = requiredFiles(format);
    const there = required.filter(({ name }) => names.includes(name));
    return `${there.length} of its ${required.length} files are there: ${names.join(', ')}.`;
  };
  if (others.length === 0) return recognition(best, 'detected', [byName(best)]);

  const titles = new Map<string, ReadonlySet<string>>();
  for (const { name } of present(best)) titles.set(name, await looseTitlesOf(must(filesByName.get(name))));
  const hits = (format: FormatDefinition): number =>
    present(format).reduce((sum, file) => sum + requiredTitles(file, titles.get(file.name)).length, 0);
  const ranked = [best, ...others].toSorted((a, b) => hits(b) - hits(a));
  const winner = must(ranked[0]);
  const evidence = tellingTitles(winner, must(ranked[1]), titles);
  return recognition(winner, 'detected', evidence === null ? [byName(winner)] : [byName(winner), evidence]);
}

/** A manifest says which version of OneRoster it is; null: there is none, or it says nothing that is known. */
async function formatOfManifest(file: SourceFile | undefined): Promise<Recognition | null> {
  const version = file === undefined ? null : versionOf(await readOneRosterManifest(file));
  const format = Object.values(FORMATS).find(
    ({ manifest }) => manifest !== undefined && manifest === version,
  );
  return format === undefined
    ? null
    : recognition(format, 'detected', [`${ONEROSTER_MANIFEST} says that it is OneRoster ${version}.`]);
}

/** Without those that may be missing. */
function requiredFiles({ files }: FormatDefinition): FileDefinition[] {
  return files.filter(({ optional = false }) => !optional);
}

function recognition(
  definition: FormatDefinition,
  how: RecognizedFormat['how'],
  evidence: readonly string[],
): Recognition {
  const { name, title } = definition;
  return { definition, recognized: { name, title, how, evidence } };
}

/** The required columns that a file has. */
function requiredTitles(file: FileDefinition, titles: ReadonlySet<string> | undefined): string[] {
  return file.columns
    .filter(({ required, title }) => required === 'always' && titles?.has(looseTitle(title)))
    .map(({ title }) => title);
}

/** Columns that only one of two formats has. */
function tellingTitles(
  format: FormatDefinition,
  other: FormatDefinition,
  titles: ReadonlyMap<string, ReadonlySet<string>>,
): string | null {
  for (const file of format.files) {
    const otherFile = other.files.find(({ name }) => name === file.name);
    const shared = new Set(otherFile?.columns.map(({ title }) => title));
    const own = requiredTitles(file, titles.get(file.name)).filter((title) => !shared.has(title));
    if (own.length > 0)
      return `${file.name} has the columns ${own.map((title) => `"${title}"`).join(', ')}, as ${format.title} calls them.`;
  }
  return null;
}

/** The titles of the header line under any separator, compared loosely. */
async function looseTitlesOf(file: SourceFile): Promise<ReadonlySet<string>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of file.open()) {
    // The chunk may be changed by whoever reads on.
    chunks.push(chunk.slice());
    length += chunk.length;
    if (length >= HEAD_BYTES) break;
  }
  const head = Buffer.concat(chunks).subarray(0, HEAD_BYTES);
  const text = openTranscoder(detectUtf16(head) ?? 'utf-8').push(head);
  return new Set(SEPARATORS.flatMap((separator) => readTitles(text, separator) ?? []).map(looseTitle));
}
