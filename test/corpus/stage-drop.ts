import type { RosterFormat } from '#core/roster/formats.ts';
import type { Finding, FindingCount } from '#core/findings.ts';
import { KIND_OF_CODE, RECORD_CODES } from '#core/roster/record-codes.ts';
import type { MappingSettings } from '#sources/contract.ts';
import { FORMATS } from '#sources/csv/formats.ts';
import { stageFiles } from '#test/helpers/stage-files.ts';
import type { CorpusCase, CorpusSettings, Files } from './read-corpus.ts';

/** What a drop came to, in the words of the corpus. */
export interface StagedDrop {
  readonly fatal: boolean;
  readonly findings: readonly Finding[];
  readonly counts: readonly FindingCount[];
  readonly messages: readonly string[];
  /** Valid records of the kind that a row of the file is. */
  recordsOf(file: string): number;
  /** By file, how many records end since it does not have them. */
  readonly ended: Readonly<Record<string, number>>;
  /** The value of a column as it reaches the directory; undefined: no such record or column. */
  valueOf(file: string, id: string, title: string): string | null | undefined;
}

export type DropCase = Pick<CorpusCase, 'files' | 'settings' | 'after' | 'confirmed'>;
export type DropStager = (drop: DropCase, base: Files, chunkBytes?: number) => Promise<StagedDrop>;

/** By the name of the format's folder. */
export const STAGERS: Readonly<Record<string, DropStager>> = {
  'sds-v1': (drop, base, chunkBytes) => stageDrop('sds-v1', drop, base, chunkBytes),
  clever: (drop, base, chunkBytes) => stageDrop('clever', drop, base, chunkBytes),
  'sds-v1-uk': (drop, base, chunkBytes) => stageDrop('sds-v1-uk', drop, base, chunkBytes),
  'sds-v2': (drop, base, chunkBytes) => stageDrop('sds-v2', drop, base, chunkBytes),
  'sds-v2.1': (drop, base, chunkBytes) => stageDrop('sds-v2.1', drop, base, chunkBytes),
  'oneroster-1.1': (drop, base, chunkBytes) => stageDrop('oneroster-1.1', drop, base, chunkBytes),
  'oneroster-1.2': (drop, base, chunkBytes) => stageDrop('oneroster-1.2', drop, base, chunkBytes),
};

async function stageDrop(
  format: RosterFormat,
  { files, settings, after, confirmed }: DropCase,
  base: Files,
  chunkBytes?: number,
): Promise<StagedDrop> {
  const mapping = toMapping(settings);
  const pieces = chunkBytes === undefined ? {} : { chunkBytes };
  const before = after === undefined ? {} : { after: await stageFiles(base, { format, mapping }) };
  const { result, findings, items } = await stageFiles(files, {
    format,
    mapping,
    confirmedFiles: confirmed,
    ...before,
    ...pieces,
  });
  const itemsOf = (file: string): typeof items => {
    const definition = FORMATS[format].files.find(({ name }) => name === file);
    const main = definition?.feeds[0];
    // A user is a student, one of the staff, or both.
    const kinds = (definition?.feeds ?? [])
      .filter((name) => name === main || (main === 'student' && name === 'teacher'))
      .map((name) => KIND_OF_CODE[RECORD_CODES[name]]);
    return items.filter((item) => item.file === file && kinds.includes(item.kind));
  };
  const ended = Map.groupBy(
    items.filter(({ action }) => action === 'end'),
    ({ file }) => file,
  );
  return {
    fatal: result.fatal,
    findings,
    counts: result.findingCounts,
    messages: findings.map(({ message }) => message),
    recordsOf(file) {
      const records = itemsOf(file);
      const people = records.filter(({ kind }) => kind === 'student' || kind === 'teacher');
      const ids = new Set(people.map(({ sourceId, key }) => sourceId ?? key));
      return records.length - people.length + ids.size;
    },
    ended: Object.fromEntries([...ended].map(([file, items]) => [file, items.length])),
    valueOf(file, id, title) {
      const column = FORMATS[format].files
        .find(({ name }) => name === file)
        ?.columns.find((one) => one.title === title);
      const item = itemsOf(file).find(({ sourceId }) => sourceId === id);
      return (item?.after as Record<string, string | null> | undefined)?.[column?.property ?? ''];
    },
  };
}

export function toMapping({
  identity,
  replaceSpecialCharacters,
  optionalProperties,
  acceptedDomains,
}: CorpusSettings): MappingSettings {
  const { school = null, section = null, student = null, teacher = null } = optionalProperties;
  const { mode } = identity;
  return {
    mappingVersion: 1,
    optionalProperties: { school, section, student, teacher },
    identity:
      mode === 'create'
        ? identity
        : {
            mode,
            options: {
              ...(identity.options.student === undefined ? {} : { student: identity.options.student }),
              ...(identity.options.teacher === undefined ? {} : { teacher: identity.options.teacher }),
            },
          },
    replaceSpecialCharacters,
    ...(acceptedDomains === undefined ? {} : { acceptedDomains }),
  };
}
