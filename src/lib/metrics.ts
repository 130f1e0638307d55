/** Numbers for Prometheus, in its text format 0.0.4 (docs/adr/0020). */

export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One sentence; `/metrics` and the guide show it. */
  readonly help: string;
  /** The labels, and the values that each can have; null: as many as the code has routes. Never a name, an id or a text from outside. */
  readonly labels?: Readonly<Record<string, readonly string[] | null>>;
  /** Of a histogram: upper bounds, ascending. */
  readonly buckets?: readonly number[];
}

type LabelsOf<D extends MetricDefinition> =
  D['labels'] extends Readonly<Record<infer Label extends string, unknown>>
    ? Readonly<Record<Label, string>>
    : Readonly<Record<string, never>>;

type NamesOf<Table extends Definitions, Type extends MetricDefinition['type']> = {
  [Name in keyof Table]: Table[Name]['type'] extends Type ? Name : never;
}[keyof Table] &
  string;

type Definitions = Readonly<Record<string, MetricDefinition>>;

/** The numbers of one process, by the names of a table. */
export interface Metrics<Table extends Definitions> {
  /** Adds to a counter. */
  add<Name extends NamesOf<Table, 'counter'>>(name: Name, labels: LabelsOf<Table[Name]>, by?: number): void;
  set<Name extends NamesOf<Table, 'gauge'>>(name: Name, labels: LabelsOf<Table[Name]>, value: number): void;
  /** Forgets all values of a gauge: nobody knows them any more. */
  clear(name: NamesOf<Table, 'gauge'>): void;
  /** Notes one value of a histogram. */
  observe<Name extends NamesOf<Table, 'histogram'>>(
    name: Name,
    labels: LabelsOf<Table[Name]>,
    value: number,
  ): void;
  /** `collect` is asked before every reading; what it throws leaves the values as they are. */
  beforeReading(collect: () => void | Promise<void>): void;
  /** The text for Prometheus. */
  read(): Promise<string>;
}

/** What a label says in the place of a value that its definition does not list. */
export const OTHER = 'other';
/** More series of one metric than this are a mistake: what comes on top is counted in none. */
const MOST_SERIES = 5_000;

interface Series {
  readonly labels: readonly string[];
  value: number;
  /** Of a histogram: how many values were in each bucket, not cumulated; `value` is their sum. */
  readonly buckets: number[];
  count: number;
}

/** Opens the numbers of a table. Counters whose labels are all listed begin with 0, so that a first failure is an increase. */
export function openMetrics<Table extends Definitions>(table: Table): Metrics<Table> {
  const seriesByName = new Map<string, Map<string, Series>>();
  const collectors: (() => void | Promise<void>)[] = [];
  for (const [name, definition] of Object.entries(table)) {
    seriesByName.set(name, new Map());
    if (definition.type === 'counter')
      for (const labels of listedLabels(definition)) find(name, definition, labels);
  }

  function find(
    name: string,
    definition: MetricDefinition,
    labels: Readonly<Record<string, string>>,
  ): Series | undefined {
    const all = seriesByName.get(name);
    const values = Object.entries(definition.labels ?? {}).map(([label, listed]) => {
      const value = labels[label] ?? '';
      return listed === null || listed.includes(value) ? value : OTHER;
    });
    const key = values.join('\u0000');
    const found = all?.get(key);
    if (found !== undefined || all === undefined || all.size >= MOST_SERIES) return found;
    const made = { labels: values, value: 0, count: 0, buckets: (definition.buckets ?? []).map(() => 0) };
    all.set(key, made);
    return made;
  }

  const seriesOf = (name: string, labels: Readonly<Record<string, string>>): Series | undefined => {
    const definition = table[name];
    return definition && find(name, definition, labels);
  };

  return {
    add(name, labels, by = 1) {
      const series = seriesOf(name, labels);
      if (series !== undefined && by > 0) series.value += by;
    },
    set(name, labels, value) {
      const series = seriesOf(name, labels);
      if (series !== undefined) series.value = value;
    },
    clear(name) {
      seriesByName.get(name)?.clear();
    },
    observe(name, labels, value) {
      const series = seriesOf(name, labels);
      if (series === undefined) return;
      series.value += value;
      series.count += 1;
      const place = table[name]?.buckets?.findIndex((bound) => value <= bound) ?? -1;
      if (place >= 0) series.buckets[place] = (series.buckets[place] ?? 0) + 1;
    },
    beforeReading(collect) {
      collectors.push(collect);
    },
    async read() {
      await Promise.allSettled(collectors.map(async (collect) => collect()));
      return Object.entries(table)
        .map(([name, definition]) => textOf(name, definition, [...(seriesByName.get(name)?.values() ?? [])]))
        .join('');
    },
  };
}

/** Every combination of listed label values; none when a label has no list. */
function listedLabels({ labels = {} }: MetricDefinition): Record<string, string>[] {
  let combinations: Record<string, string>[] = [{}];
  for (const [label, listed] of Object.entries(labels))
    combinations = combinations.flatMap((known) =>
      (listed ?? []).map((value) => ({ ...known, [label]: value })),
    );
  return combinations;
}

function textOf(name: string, definition: MetricDefinition, all: readonly Series[]): string {
  const { type, help, labels = {}, buckets = [] } = definition;
  const names = Object.keys(labels);
  const lines = [`# HELP ${name} ${help.replaceAll('\\', '\\\\')}`, `# TYPE ${name} ${type}`];
  const line = (suffix: string, series: Series, value: number, le?: string): void => {
    const pairs = names.map((label, index) => `${label}="${escaped(series.labels[index] ?? '')}"`);
    if (le !== undefined) pairs.push(`le="${le}"`);
    lines.push(`${name}${suffix}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numberText(value)}`);
  };
  for (const series of all) {
    if (type !== 'histogram') {
      line('', series, series.value);
      continue;
    }
    let sum = 0;
    buckets.forEach((bound, index) => {
      sum += series.buckets[index] ?? 0;
      line('_bucket', series, sum, String(bound));
    });
    line('_bucket', series, series.count, '+Inf');
    line('_sum', series, series.value);
    line('_count', series, series.count);
  }
  return `${lines.join('\n')}\n`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** Nine digits behind the point are enough, and 0.30000000000000004 is nobody's number. */
function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? String(Math.round(value * 1e9) / 1e9) : value > 0 ? '+Inf' : '-Inf';
}
