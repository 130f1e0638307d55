import type { Database } from './database.ts';

/** Whether a statement gets its answer within that time. */
export async function isDatabaseAnswering(db: Database, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const answer = db.app.query('select 1').then(
    () => true,
    () => false,
  );
  const answers = await Promise.race([answer, late]);
  clearTimeout(timer);
  return answers;
}
