import * as z from 'zod';

import { PROOFS as PROOF_NAMES, type Proof } from '#core/plan/certificate.ts';
import { FINDING_CODES, type Finding, type FindingCount } from '#core/findings.ts';

import type { RunStoryAnswer } from '../client/answers.ts';
import { findingLines } from './finding-lines.ts';
import { formatBytes, formatCount, formatDuration, plural, printable, wrap } from './format.ts';
import { mergeLines } from './merge-lines.ts';
import type { Paint } from './paint.ts';
import { countLines } from './run-lines.ts';
import { textTable } from './text-table.ts';
import { formatSentence } from './validation-text.ts';

const WIDTH = 100;

/** The whole story of a run, for people. Everything in it came from somewhere else, so nothing reaches the terminal unchecked. */
export function runStoryLines(run: RunStoryAnswer, paint: Paint): string[] {
  return [
    ...headLines(run, paint),
    ...section('What it changes', countLines(run), paint),
    ...section('Why it waits', verdictLines(run), paint),
    ...section('Timeline', timelineLines(run), paint),
    ...section('Files', fileLines(run), paint),
    ...section('Merged', mergeLines(run, WIDTH), paint),
    ...section('Certificate', certificateLines(run.certificate), paint),
    ...section('Findings', foundLines(run, paint), paint),
  ].map((line) => line.trimEnd());
}

function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return lines.length === 0 ? [] : ['', paint.bold(title), ...lines];
}

function headLines(run: RunStoryAnswer, paint: Paint): string[] {
  const kinds = [
    ...(run.planOnly ? ['preview'] : []),
    ...(run.addsOnly ? ['adds only'] : []),
    ...(run.cancelRequested && run.state !== 'cancelled' ? ['being cancelled'] : []),
  ];
  const facts: [string, string][] = [
    ['run', run.id],
    ['profile', run.profileDisplayName],
    ['state', `${run.state}${kinds.length === 0 ? '' : ` (${kinds.join(', ')})`}`],
    ['requested', `${moment(run.createdAt)} by ${run.requestedByName ?? run.requestedBy ?? 'nobody'}`],
    ['trigger', run.trigger ?? ''],
    [
      'accepted',
      run.acceptedAt ? `${moment(run.acceptedAt)} by ${run.acceptedByName ?? run.acceptedBy ?? ''}` : '',
    ],
    ['attempt', run.attempt > 1 ? String(run.attempt) : ''],
    ['finished', run.finishedAt ? `${moment(run.finishedAt)}${tookText(run)}` : ''],
  ];
  return [
    ...facts
      .filter(([, text]) => text !== '')
      .map(([name, text]) => `${paint.dim(name.padEnd(10))} ${printable(text)}`),
    ...wrap(printable(run.message ?? ''), WIDTH, ''),
  ];
}

function tookText({ durationSeconds }: RunStoryAnswer): string {
  return durationSeconds === null || durationSeconds === undefined
    ? ''
    : `, took ${formatDuration(durationSeconds * 1_000)}`;
}

function moment(text: string | null | undefined): string {
  return (text ?? '').slice(0, 19).replace('T', ' ');
}

function verdictLines({ verdict, state, message }: RunStoryAnswer): string[] {
  if (verdict?.outcome !== 'held') return [];
  const reasons = verdict.reasons.map((reason) => reason.message);
  if (state === 'held' && reasons.join('; ') === message) return [];
  return reasons.flatMap((reason) => wrap(`- ${printable(reason)}`, WIDTH, '  '));
}

function timelineLines({ timeline }: RunStoryAnswer): string[] {
  if (timeline.length === 0) return [];
  return textTable(
    [{ title: 'at' }, { title: 'what' }, { title: 'state' }, { title: 'by' }, { title: '' }],
    timeline.map(({ at, event, state, actor, actorName, detail }) =>
      [moment(at), event, state, actorName ?? actor, noteOf(detail)].map(printable),
    ),
  ).map((line) => `  ${line}`);
}

const noted = z.object({
  note: z.string().optional(),
  code: z.string().nullish(),
  because: z.string().nullish(),
});

/** What people or the run said about an event; the numbers stand elsewhere. */
function noteOf(detail: unknown): string {
  const { note, code, because } = noted.safeParse(detail).data ?? {};
  return note ?? code ?? because ?? '';
}

function formatLines({ counts }: RunStoryAnswer): string[] {
  const format = counts?.format;
  if (!format) return [];
  return wrap(printable(formatSentence(format)), WIDTH, '  ');
}

function fileLines(run: RunStoryAnswer): string[] {
  const { files } = run;
  if (files.length === 0) return [];
  const right = { align: 'right' as const };
  const table = textTable(
    [
      { title: 'name' },
      { title: 'size', ...right },
      { title: 'rows', ...right },
      { title: 'bad', ...right },
      { title: 'sha256' },
      { title: 'bytes' },
    ],
    files.map((file) => [
      printable(typeof file.archive === 'string' ? `${file.archive}/${file.name}` : file.name),
      formatBytes(file.sizeBytes),
      file.rows === null || file.rows === undefined ? '' : formatCount(file.rows),
      file.badRows === null || file.badRows === undefined ? '' : formatCount(file.badRows),
      file.sha256.slice(0, 12),
      file.bytesKept ? 'kept' : `erased ${moment(file.erasedAt).slice(0, 10)}`.trimEnd(),
    ]),
  ).map((line) => `  ${line}`);
  return [...formatLines(run), ...table];
}

const PROOFS: Readonly<Record<Proof, string>> = {
  manifest: 'as the manifest says',
  firstSet: 'the first set: nothing can be missing',
  floor: 'as many rows as before, or nearly',
  confirmedByName: 'confirmed to be empty',
  confirmedTwice: 'the same in an earlier upload',
  accepted: 'accepted by an administrator',
};

const certificateShape = z.object({
  files: z.array(
    z.object({
      file: z.string(),
      rows: z.number(),
      recordsBefore: z.number(),
      floor: z.number(),
      mayBeCut: z.boolean().default(false),
      proof: z.enum(PROOF_NAMES).nullable(),
    }),
  ),
});

/** Of each file what proves that it was read whole. */
function certificateLines(certificate: unknown): string[] {
  const read = certificateShape.safeParse(certificate);
  if (!read.success) return [];
  const right = { align: 'right' as const };
  return textTable(
    [
      { title: 'file' },
      { title: 'rows', ...right },
      { title: 'known before', ...right },
      { title: 'floor', ...right },
      { title: 'what proves it whole' },
    ],
    read.data.files.map(({ file, rows, recordsBefore, floor, mayBeCut, proof }) => [
      printable(file),
      ...[rows, recordsBefore, floor].map(formatCount),
      proof === null
        ? `nothing${mayBeCut ? ', and it may be cut' : ''}: what it does not name stays`
        : PROOFS[proof],
    ]),
  ).map((line) => `  ${line}`);
}

const SEVERITIES = ['fatal', 'error', 'warning', 'information'] as const;
const known = z.string().refine((code) => Object.hasOwn(FINDING_CODES, code));
const count = z.object({
  file: z.string(),
  code: known,
  field: z.string(),
  severity: z.enum(SEVERITIES),
  rowCount: z.number(),
});
const sample = z.object({
  file: z.string(),
  code: known,
  severity: z.enum(SEVERITIES),
  field: z.string().nullish(),
  line: z.number().nullish(),
  message: z.string(),
});

/** Codes of another version than this one are counted, and no more. */
function foundLines(run: RunStoryAnswer, paint: Paint): string[] {
  const counts = run.findingCounts.flatMap((value) => count.safeParse(value).data ?? []);
  const samples = run.findings.flatMap((value) => sample.safeParse(value).data ?? []);
  const others = run.findingCounts.length - counts.length;
  return [
    ...findingLines(
      counts as FindingCount[],
      samples.map(({ field, line, ...rest }) => ({
        ...rest,
        ...(field === null || field === undefined ? {} : { field }),
        ...(line === null || line === undefined ? {} : { line }),
      })) as Finding[],
      paint,
    ),
    ...(others > 0 ? ['', `and ${plural(others, 'sort')} of finding that this version does not know`] : []),
  ];
}
