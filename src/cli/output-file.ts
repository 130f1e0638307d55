import { access, constants, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { OperationalError } from '#lib/errors.ts';
import { replaceFile } from '#storage/replace-file.ts';

import { UsageError } from './exit-codes.ts';

/** The findings name children: for the owner's eyes alone, as the files of a data directory are. */
const MODE = 0o600;

/** A file that a command writes because an option asks for it. */
export interface OutputFile {
  /** As it was given, with the option: `--report out.html`. */
  readonly option: string;
  readonly path: string;
}

/**
 * Resolves where an option wants a file, before the work begins. An existing file will be replaced. Throws UsageError when
 * the file could not be written, or would stand in for one of `inputs`.
 */
export async function checkOutputFile(
  name: string,
  given: string,
  inputs: readonly string[],
): Promise<OutputFile> {
  const option = `--${name} ${given}`;
  if (given.trim() === '') throw new UsageError(`--${name} is empty. Name a file.`);
  const folder = dirname(resolve(given));
  const realFolder = await realpath(folder).catch(() => null);
  if (realFolder === null)
    throw new UsageError(`${option}: the folder ${folder} does not exist. Make it, or name another file.`);
  if (!(await stat(realFolder)).isDirectory())
    throw new UsageError(`${option}: ${folder} is not a folder. Name a file in a folder.`);
  const path = join(realFolder, basename(resolve(given)));
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) throw new UsageError(`${option} is a folder. Name a file in it.`);
  if (found !== null && !found.isFile())
    throw new UsageError(`${option} is neither a file nor free. Name another file.`);
  for (const input of inputs) {
    const other = await stat(input).catch(() => null);
    const same = found !== null && other !== null && found.dev === other.dev && found.ino === other.ino;
    if (same || isSamePath(path, input))
      throw new UsageError(`${option} would overwrite ${input}, which is read here. Name another file.`);
  }
  await access(realFolder, constants.W_OK).catch(() => {
    throw new UsageError(
      `${option}: you may not write in ${folder}. Name a file in a folder of yours, or have the folder opened to you.`,
    );
  });
  return { option, path };
}

/** Two outputs, or an output and an input, by name alone: on some file systems letter case makes no difference. */
export function isSamePath(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Replaces the file in one step. Throws OperationalError that says what the file system said. */
export async function writeOutputFile({ option, path }: OutputFile, text: string): Promise<void> {
  try {
    await replaceFile(path, text, MODE);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OutputFileError(
      `${option} could not be written: ${reason}. Free the place, or name another file.`,
      error,
    );
  }
}

class OutputFileError extends OperationalError {
  override readonly name = 'OutputFileError';
  constructor(message: string, cause: unknown) {
    super('OutputFile', message, { cause });
  }
}
