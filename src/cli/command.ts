import type { CliDeps } from './cli-deps.ts';
import type { CliIo } from './cli-io.ts';
import type { ExitName } from './exit-codes.ts';
import type { View } from './view/view.ts';

/** client: which service; place: which data directory; settings: all of the service's;
 * serveSettings: the same, but help only points to serve. See shared-options.ts. */
export type SharedOptions = 'client' | 'place' | 'settings' | 'serveSettings' | 'output' | 'progress';

export interface OptionDefinition {
  readonly type: 'string' | 'boolean';
  /** Placeholder of the value in help, for instance `<name>`. */
  readonly value?: string;
  readonly multiple?: boolean;
  readonly summary: string;
}

export interface ArgumentDefinition {
  readonly name: string;
  readonly summary: string;
}

export interface Example {
  readonly line: string;
  readonly summary: string;
}

/**
 * One command of `rollbook`. The table of all of them (commands.ts) is the only place that names, arguments, options,
 * examples and exit codes stand in: parsing, help and docs/guide/cli.md are made from it.
 */
export interface Command {
  /** One or two words: `sync`, `profile list`. */
  readonly name: string;
  readonly summary: string;
  /** Paragraphs; lines are wrapped when they are shown. */
  readonly description: readonly string[];
  /** All of them are required, in this order. */
  readonly arguments: readonly ArgumentDefinition[];
  readonly options: Readonly<Record<string, OptionDefinition>>;
  /** Options that several commands share: see shared-options.ts. */
  readonly shared: readonly SharedOptions[];
  readonly examples: readonly Example[];
  /** Beside ok, failure, usage and interrupted, which every command may end with. */
  readonly exits: readonly ExitName[];
  run(call: CommandCall): Promise<ExitName>;
}

/** A command line that was understood, and what the command works with. */
export interface CommandCall {
  readonly io: CliIo;
  readonly deps: CliDeps;
  readonly view: View;
  /** The value of an argument. */
  argument(name: string): string;
  /** The value of an option; undefined when it was not given. */
  option(name: string): string | undefined;
  options(name: string): readonly string[];
  flag(name: string): boolean;
  /** All option values as they were given, settings among them: for the settings resolver. */
  readonly given: Readonly<Record<string, string>>;
}
