import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as z from 'zod';

import { FINDING_CODES, type FindingCode } from '#core/findings.ts';

export const CORPUS_DIRECTORY = fileURLToPath(new URL('.', import.meta.url));
const BASE = 'base';
const CASE_FILE = 'case.json';
const FORMAT_FILE = 'format.json';

const columns = z.array(z.string()).nullable();
const matchOption = z.strictObject({
  sourceProperty: z.string(),
  targetProperty: z.string(),
  targetDomain: z.string().nullable(),
});

const settingsSchema = z.strictObject({
  identity: z.discriminatedUnion('mode', [
    z.strictObject({
      mode: z.literal('create'),
      domains: z.strictObject({ student: z.string().nullable(), teacher: z.string().nullable() }),
    }),
    z.strictObject({
      mode: z.literal('match'),
      options: z.strictObject({ student: matchOption.optional(), teacher: matchOption.optional() }),
    }),
  ]),
  replaceSpecialCharacters: z.boolean(),
  optionalProperties: z.record(z.string(), columns),
  acceptedDomains: z.strictObject({ student: z.array(z.string()), teacher: z.array(z.string()) }).optional(),
});

const formatSchema = z.strictObject({ title: z.string(), settings: settingsSchema });

const codes = Object.keys(FINDING_CODES) as [FindingCode, ...FindingCode[]];
const expectedFinding = z.strictObject({
  file: z.string(),
  line: z.int().min(1).optional(),
  code: z.enum(codes),
  severity: z.enum(['fatal', 'error', 'warning', 'information']),
  field: z.string().optional(),
  rows: z.int().min(2).optional(),
});

const part = z.union([
  z.strictObject({ base: z.string() }),
  z.strictObject({ text: z.string(), times: z.int().min(1).optional() }),
]);

const caseSchema = z.strictObject({
  title: z.string().min(1),
  why: z.string().min(1),
  without: z.array(z.string()).default([]),
  settings: settingsSchema.partial().default({}),
  after: z.literal(BASE).optional(),
  confirmed: z.array(z.string()).default([]),
  generate: z.record(z.string(), z.array(part)).default({}),
  records: z.record(z.string(), z.int().min(0)).default({}),
  ended: z.record(z.string(), z.int().min(1)).default({}),
  values: z
    .array(
      z.strictObject({ file: z.string(), id: z.string(), field: z.string(), value: z.string().nullable() }),
    )
    .default([]),
  findings: z.array(expectedFinding),
});

export type CorpusSettings = z.infer<typeof settingsSchema>;
export type ExpectedFinding = z.infer<typeof expectedFinding>;
export type Files = Readonly<Record<string, Uint8Array>>;

export interface CorpusCase extends Omit<z.infer<typeof caseSchema>, 'settings'> {
  readonly name: string;
  /** Those of the format, and what the case has otherwise. */
  readonly settings: CorpusSettings;
  /** The whole drop: what is left of the base, the files of the case, those that are generated. */
  readonly files: Files;
  /** The files of the case alone. */
  readonly ownFiles: Files;
}

export interface CorpusFormat {
  readonly name: string;
  readonly title: string;
  readonly settings: CorpusSettings;
  readonly base: Files;
  readonly cases: readonly CorpusCase[];
}

/** Every folder with a format.json. Errors: what is not as README.md says. */
export async function readCorpus(): Promise<CorpusFormat[]> {
  const formats: CorpusFormat[] = [];
  for (const name of await foldersOf(CORPUS_DIRECTORY)) formats.push(await readFormat(name));
  return formats;
}

async function readFormat(name: string): Promise<CorpusFormat> {
  const folder = join(CORPUS_DIRECTORY, name);
  const { title, settings } = formatSchema.parse(
    JSON.parse(await readFile(join(folder, FORMAT_FILE), 'utf8')),
  );
  const base = await readFiles(join(folder, BASE));
  const names = (await foldersOf(folder)).filter((one) => one !== BASE);
  const cases = await Promise.all(names.map((one) => readCase(folder, one, settings, base)));
  return { name, title, settings, base, cases };
}

async function readCase(
  folder: string,
  name: string,
  settings: CorpusSettings,
  base: Files,
): Promise<CorpusCase> {
  const { [CASE_FILE]: description, ...ownFiles } = await readFiles(join(folder, name));
  const read = caseSchema.safeParse(JSON.parse(Buffer.from(description ?? []).toString('utf8') || 'null'));
  if (!read.success) throw new Error(`${name}/${CASE_FILE}: ${z.prettifyError(read.error)}`);
  const { without, generate, settings: own } = read.data;
  const missing = without.filter((file) => base[file] === undefined);
  if (missing.length > 0) throw new Error(`${name}: ${missing.join(', ')} is not in the base`);
  const generated = Object.entries(generate).map(
    ([file, parts]) => [file, expandParts(parts, base)] as const,
  );
  const files = { ...base, ...ownFiles, ...Object.fromEntries(generated) };
  return {
    ...read.data,
    name,
    settings: {
      identity: own.identity ?? settings.identity,
      replaceSpecialCharacters: own.replaceSpecialCharacters ?? settings.replaceSpecialCharacters,
      optionalProperties: own.optionalProperties ?? settings.optionalProperties,
      acceptedDomains: own.acceptedDomains ?? settings.acceptedDomains,
    },
    files: Object.fromEntries(
      Object.entries(files).filter(([file]) => !without.includes(file) || Object.hasOwn(ownFiles, file)),
    ),
    ownFiles,
  };
}

/** The parts one after the other; `{n}` in a text that is repeated is the number of the repetition, from 1. */
function expandParts(parts: readonly z.infer<typeof part>[], base: Files): Buffer {
  return Buffer.concat(
    parts.map((one) => {
      if ('base' in one) return base[one.base] ?? Buffer.alloc(0);
      const { text, times = 1 } = one;
      if (!text.includes('{n}')) return Buffer.from(text.repeat(times));
      return Buffer.from(
        Array.from({ length: times }, (_, i) => text.replaceAll('{n}', String(i + 1))).join(''),
      );
    }),
  );
}

async function foldersOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).toSorted();
}

async function readFiles(folder: string): Promise<Record<string, Uint8Array>> {
  const names = (await readdir(folder)).toSorted();
  const files: Record<string, Uint8Array> = {};
  for (const name of names) files[name] = await readFile(join(folder, name));
  return files;
}
