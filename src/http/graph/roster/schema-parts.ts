import { z } from 'zod';
import { checkText, type Complaint } from '#core/users/user-rules.ts';

/** Text that a rule of core/users checks; trimmed. */
export function checked(check: (value: string) => Complaint): z.ZodType<string> {
  return z
    .string()
    .trim()
    .superRefine((value, context) => {
      const complaint = check(value);
      if (complaint !== undefined) context.addIssue({ code: 'custom', message: complaint });
    });
}

/** `@odata.type` of a complex property. */
export const typeName = z
  .string()
  .regex(/^#?microsoft\.graph\.[A-Za-z]{1,60}$/, 'is not a type of Graph.')
  .optional();

/** `@odata.type` of an entity. */
export function entityType(name: string): z.ZodType<string | undefined> {
  return z.enum([`#microsoft.graph.${name}`, `microsoft.graph.${name}`]).optional();
}

export const name = checked(checkText).nullish();
/** Text of several lines. */
export const description = z
  .string()
  .trim()
  .min(1, 'must not be empty: null clears it.')
  .max(1_024)
  .nullish();

/** A day of the calendar. ISO 8601 has a year 0, the database has none. */
export function day(error: string): z.ZodType<string> {
  return z.iso.date({ error }).refine((date) => !date.startsWith('0000'), { error });
}

/** The mark of what is made by hand; nobody else's may be given. */
export const madeByHand = z
  .literal('manual', { error: 'has to be manual: other sources come in by a sync.' })
  .nullish();

/** physicalAddress. */
export const address = z
  .strictObject({
    '@odata.type': typeName,
    street: name,
    city: name,
    state: name,
    postalCode: name,
    countryOrRegion: name,
  })
  .nullish();
