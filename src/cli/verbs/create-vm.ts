/**
 * `solovirt create vm`: prints a manifest that `validate` accepts.
 */
import { randomInt } from 'node:crypto';
import { stringify } from 'yaml';
import { parseManifests } from '../../core/manifest/parse.ts';
import { singleLine } from '../../core/terminal-filter.ts';
import type { CliContext } from '../context.ts';
import { writeOut } from '../context.ts';
import { UsageError } from '../errors.ts';
import { flagOf, type VmFlags, vmManifest } from '../vm-manifest.ts';

export interface CreateFlags extends Omit<VmFlags, 'name'> {
  readonly name?: string;
}

/** @throws UsageError with what `validate` would say of it, in terms of the flags */
export async function createVm(context: CliContext, flags: CreateFlags): Promise<void> {
  const manifest = vmManifest({ ...flags, name: flags.name ?? someName() });
  // Readers of YAML 1.1, as kubectl is one, take an unquoted 8080:80 for a number in base 60.
  const text = stringify(manifest, { lineWidth: 0, compat: 'yaml-1.1' });
  check(context, text);
  await writeOut(context, text);
  if (context.isTTY)
    context.stderr.write(
      'Nothing was created yet: save it in the directory of VM files (`solovirt info`), or pipe it into `solovirt apply -f -`.\n',
    );
}

function check(context: CliContext, text: string): void {
  const { documents, problems } = parseManifests(text);
  const all = [...problems, ...documents.flatMap((document) => document.problems)];
  const told = all.map(({ path, message, severity }) => ({
    severity,
    words: singleLine(`${flagOf(path)}: ${message}`),
  }));
  const errors = told.filter(({ severity }) => severity === 'error');
  if (errors.length > 0)
    throw new UsageError(errors.map(({ words }) => words).join('\n'), {
      hint: '`solovirt create vm --help` shows the flags.',
    });
  for (const { words } of told) context.stderr.write(`warning: ${words}\n`);
}

/** As `virtctl create vm` does without `--name`; letters that are not taken for each other, as Kubernetes' generateName. */
function someName(): string {
  const letters = 'bcdfghjklmnpqrstvwxz2456789';
  return `vm-${Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('')}`;
}
