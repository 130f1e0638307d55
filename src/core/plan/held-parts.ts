import type { VerdictReason } from './verdict-reason.ts';

/** A part of a plan that waits, as its message needs to know it. */
export interface HeldPart {
  readonly scope: 'school' | 'absence' | 'addsOnly';
  readonly id: string;
  readonly reasons: readonly VerdictReason[];
  readonly itemCount: number;
}

const SHOWN = 3;

/** What waits, where and how much, for a status message: `school S2 (North): 41 of 80 students would end; the limit is 16 (512 changes wait)`. `othersApplied`: the plan had more. */
export function describeHeldParts(parts: readonly HeldPart[], othersApplied: boolean): string {
  const shown = parts.slice(0, SHOWN).map(({ reasons, itemCount }) => {
    const why = reasons.map(({ message }) => message).join('; ');
    return `${why} (${changes(itemCount)} ${itemCount === 1 ? 'waits' : 'wait'})`;
  });
  const more = parts.length - shown.length;
  const rest = more > 0 ? `; and ${more} more ${more === 1 ? 'part' : 'parts'}` : '';
  return `${shown.join('; ')}${rest}. ${othersApplied ? 'The rest of the plan was applied' : 'Nothing else was to change'}`;
}

/** Why a plan waits as a whole: what concerns all of it, the first schools, the files. A state has thousands of schools. */
export function describeReasons(reasons: readonly VerdictReason[]): string {
  const schools = [...new Set(reasons.flatMap(({ school }) => school ?? []))];
  const shown = new Set(schools.slice(0, SHOWN));
  const messages = (scope: VerdictReason['scope']): string[] =>
    reasons
      .filter((reason) => reason.scope === scope && (scope !== 'school' || shown.has(reason.school ?? '')))
      .map(({ message }) => message);
  const more = schools.length - shown.size;
  return [
    ...messages('plan'),
    ...messages('school'),
    ...(more > 0 ? [`and ${more} more ${more === 1 ? 'school' : 'schools'}`] : []),
    ...messages('file'),
  ].join('; ');
}

/** What was turned down, for the message of a run that is complete but for that. */
export function describeRejectedParts(parts: readonly HeldPart[]): string {
  const where = parts.map(({ scope, id }) => (scope === 'school' ? `school ${id}` : `endings of ${id}`));
  const count = parts.reduce((sum, { itemCount }) => sum + itemCount, 0);
  return `${changes(count)} (${where.join(', ')}) ${count === 1 ? 'was' : 'were'} rejected and not made; the rest of the plan was applied`;
}

function changes(count: number): string {
  return count === 1 ? '1 change' : `${count} changes`;
}
