import { InvalidRequestError } from '#lib/errors.ts';

/** Query options of a collection, as far as profiles and their errors have them. */
export interface ListOptions {
  /** Items of a page. */
  readonly limit: number;
  readonly offset: number;
  readonly count: boolean;
  readonly select: readonly string[] | null;
  readonly orderBy: readonly { readonly property: string; readonly descending: boolean }[];
  /** Options that a next page repeats. */
  readonly repeated: readonly (readonly [string, string])[];
}

const KNOWN = [
  '$top',
  '$skip',
  '$skiptoken',
  '$count',
  '$select',
  '$orderby',
  '$filter',
  '$expand',
  '$search',
  '$format',
];
const UNSUPPORTED = ['$filter', '$expand', '$search'];
const REPEATED = ['$top', '$count', '$select', '$orderby'];

/**
 * Reads query options; the `$` may be left out, as on beta. Options that would change the answer and are not supported are
 * refused, others are ignored, as Graph does.
 * Errors: InvalidRequestError that names the option.
 */
export function readListOptions(
  query: unknown,
  rules: { readonly pageSize: number; readonly maximum: number; readonly orderable: readonly string[] },
): ListOptions {
  const options = new Map<string, string>();
  for (const [name, value] of Object.entries(query as Record<string, unknown>)) {
    const bare = name.toLowerCase().replace(/^\$/u, '');
    const option = `$${bare}`;
    if (!KNOWN.includes(option)) continue;
    if (typeof value !== 'string' || options.has(option))
      throw new InvalidRequestError(
        `Query option '${option}' was specified more than once, but it must be specified at most once.`,
        option,
      );
    options.set(option, value);
  }
  const unsupported = UNSUPPORTED.find((option) => options.has(option));
  if (unsupported !== undefined)
    throw new InvalidRequestError(
      `The query option '${unsupported}' is not supported here. Leave it out.`,
      unsupported,
    );
  const top = integerOf(options, '$top');
  const token = options.get('$skiptoken');
  return {
    limit: Math.min(top ?? rules.pageSize, rules.maximum),
    offset: token === undefined ? (integerOf(options, '$skip') ?? 0) : readSkipToken(token),
    count: booleanOf(options, '$count'),
    select:
      options
        .get('$select')
        ?.split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '' && name !== '*') ?? null,
    orderBy: orderOf(options.get('$orderby'), rules.orderable),
    repeated: REPEATED.flatMap((option) => {
      const value = options.get(option);
      return value === undefined ? [] : [[option, value] as const];
    }),
  };
}

/** The address of the page that begins at `offset`. `address` without query. */
export function nextLink(
  address: string,
  options: ListOptions,
  offset = options.offset + options.limit,
): string {
  const parts = [...options.repeated, ['$skiptoken', skipToken(offset)] as const];
  return `${address}?${parts.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

/** Only the selected properties, and control information. */
export function selectProperties(
  json: Record<string, unknown>,
  select: readonly string[] | null,
): Record<string, unknown> {
  if (select === null || select.length === 0) return json;
  const unknown = select.find((name) => !Object.hasOwn(json, name));
  if (unknown !== undefined)
    throw new InvalidRequestError(`$select: There is no property '${unknown.slice(0, 64)}'.`, '$select');
  return Object.fromEntries(
    Object.entries(json).filter(([name]) => name.startsWith('@') || select.includes(name)),
  );
}

function skipToken(offset: number): string {
  return Buffer.from(`after:${offset}`, 'utf8').toString('base64url');
}

function readSkipToken(token: string): number {
  const offset = /^after:(\d{1,9})$/u.exec(Buffer.from(token, 'base64url').toString('utf8'))?.[1];
  if (offset === undefined)
    throw new InvalidRequestError(
      '$skiptoken: This token was not given out here. Follow @odata.nextLink unchanged.',
      '$skiptoken',
    );
  return Number(offset);
}

function integerOf(options: ReadonlyMap<string, string>, option: string): number | undefined {
  const value = options.get(option);
  if (value === undefined) return undefined;
  const number = /^\d{1,9}$/u.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(number) || (option === '$top' && number === 0))
    throw new InvalidRequestError(
      `Invalid value '${value.slice(0, 32)}' for ${option} query option found. Use a whole number${option === '$top' ? ' from 1' : ''}.`,
      option,
    );
  return number;
}

function booleanOf(options: ReadonlyMap<string, string>, option: string): boolean {
  const value = options.get(option)?.toLowerCase();
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw new InvalidRequestError(
    `Invalid value '${value.slice(0, 32)}' for ${option} query option found. Use true or false.`,
    option,
  );
}

function orderOf(
  text: string | undefined,
  orderable: readonly string[],
): readonly { property: string; descending: boolean }[] {
  if (text === undefined) return [];
  return text.split(',').map((part) => {
    const [, property, direction] = /^\s*(\w+)(?:\s+(asc|desc))?\s*$/iu.exec(part) ?? [];
    if (property === undefined || !orderable.includes(property))
      throw new InvalidRequestError(
        `$orderby: '${part.trim().slice(0, 64)}' cannot be ordered by. Use ${orderable.join(', ')}, with asc or desc.`,
        '$orderby',
      );
    return { property, descending: direction?.toLowerCase() === 'desc' };
  });
}
