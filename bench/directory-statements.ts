import { classesView } from '#storage/views/classes-view.ts';
import { type PageKey, readPage } from '#storage/views/read-view.ts';
import { classesOfPerson, peopleOfClass, type Relation } from '#storage/views/relations.ts';
import { usersView } from '#storage/views/users-view.ts';
import { shownLeaves, type View } from '#storage/views/view.ts';

import { type Explained, type Explainer, openExplainer } from './explain.ts';
import { quantile } from './quantile.ts';

/** What the statements of the most frequent reads cost in the database itself, as rollbook_app and behind row-level security. */
export interface DirectoryStatements {
  readonly users: number;
  /** So many that there are enough of them for the far page; 100 at most, as by default. */
  readonly usersPerPage: number;
  readonly firstPage: Explained;
  readonly farPage: Explained;
  readonly classesOfPerson: StatementMeasure;
  readonly membersOfClass: StatementMeasure;
}

/** Over many objects. */
export interface StatementMeasure {
  readonly p50Ms: number;
  /** Of `p50Ms`: a plan is made for each. */
  readonly planningP50Ms: number;
  readonly p99Ms: number;
  readonly mostBuffers: number;
}

/** `objects`: how many people and classes, picked at random and the same each time. */
export async function explainReads(
  superuserUrl: string,
  tenantId: string,
  { objects, farPage }: { readonly objects: number; readonly farPage: number },
): Promise<DirectoryStatements> {
  const explainer = await openExplainer(superuserUrl, tenantId);
  try {
    const [count] = await explainer.query<{ users: number }>(
      'select count(*)::integer as users from person where active',
    );
    const users = count?.users ?? 0;
    if (users < farPage) throw new Error(`${users} users have no page ${farPage}`);
    const usersPerPage = Math.min(100, Math.floor(users / farPage));
    const view = usersView('v1.0');
    const page = (after?: PageKey): Promise<Explained> => {
      const query = { view, paths: shownLeaves(view), limit: usersPerPage, after };
      return explainer.explain((tx) => readPage(tx, query));
    };
    const [last] = await explainer.query<{ id: string }>(
      `select id from person where active order by id offset ${(farPage - 1) * usersPerPage - 1} limit 1`,
    );
    return {
      users,
      usersPerPage,
      firstPage: await page(),
      farPage: await page(last),
      classesOfPerson: await measureRelation(
        explainer,
        objects,
        'person',
        classesView('v1.0'),
        classesOfPerson(),
      ),
      membersOfClass: await measureRelation(explainer, objects, 'class', view, peopleOfClass()),
    };
  } finally {
    await explainer.close();
  }
}

async function measureRelation(
  explainer: Explainer,
  objects: number,
  parents: 'person' | 'class',
  view: View,
  relation: Relation,
): Promise<StatementMeasure> {
  const rows = await explainer.query<{ id: string }>(
    `select id from ${parents} where active order by md5(id::text) limit ${objects}`,
  );
  const once = async (): Promise<Explained[]> => {
    const explained: Explained[] = [];
    for (const { id } of rows) {
      const query = { view, paths: shownLeaves(view), of: { relation, parentId: id }, limit: 100 };
      explained.push(await explainer.explain((tx) => readPage(tx, query)));
    }
    return explained;
  };
  // A connection that has just been made meets the server's memory for the first time: that is the system's time, and not the statement's.
  await once();
  const explained = await once();
  const ms = explained.map((one) => one.ms);
  return {
    p50Ms: quantile(ms, 0.5),
    planningP50Ms: quantile(
      explained.map(({ planningMs }) => planningMs),
      0.5,
    ),
    p99Ms: quantile(ms, 0.99),
    mostBuffers: Math.max(...explained.map(({ buffers }) => buffers)),
  };
}
