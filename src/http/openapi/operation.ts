import type * as z from 'zod';

/** What one operation of /api/v1 takes and answers. Address, permission and errors come from its route. */
export interface ApiOperation {
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  /** What the route parses its body with. */
  readonly body?: z.ZodType;
  /** Another body than JSON, too. */
  readonly bodyTypes?: readonly string[];
  readonly query?: z.ZodObject;
  /** By status; `null`: without a body. A string is the type of a body that is no JSON. */
  readonly answers: Readonly<Record<number, z.ZodType | string | null>>;
  /** Statuses of errors besides those that every operation has. */
  readonly errors?: readonly (400 | 404 | 409 | 413)[];
}
