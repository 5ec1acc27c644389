/** What the verbs of `solovirt images` do and say. */
import { ProgressLine } from './cli/byte-progress.ts';
import { type CliContext, writeOut } from './cli/context.ts';
import { CliError, InterruptedError, printError, ReportedError } from './cli/errors.ts';
import { renderFacts } from './cli/format/facts.ts';
import { type DataFormat, isDataFormat, renderData } from './cli/format/output.ts';
import { PLAIN } from './cli/format/paint.ts';
import { type Column, renderTable } from './cli/format/table.ts';
import { bytes } from './cli/format/usage-columns.ts';
import { isOnLoopback } from './core/manifest/image-reference.ts';
import { singleLine } from './core/terminal-filter.ts';
import type { ImagePlaces } from './image-places.ts';
import { describeImage, findImage, type ImageEntry, listImages } from './images/catalogue.ts';
import { ImageError } from './images/image-error.ts';
import { readUsers } from './images/image-users.ts';
import { importImage } from './images/import-image.ts';
import { pruneImages } from './images/prune-images.ts';
import { pullImage } from './images/pull-image.ts';
import type { PullRequest } from './images/pull-request.ts';
import { removeImage } from './images/remove-image.ts';

const COLUMNS: readonly Column<ImageEntry>[] = [
  { title: 'IMAGE', cell: ({ file }) => file },
  { title: 'FORMAT', cell: ({ format }) => format ?? '' },
  { title: 'SIZE', cell: ({ virtualBytes }) => bytes(virtualBytes) },
  { title: 'ON-DISK', cell: ({ realBytes }) => bytes(realBytes) },
  { title: 'USED-BY', cell: ({ usedBy, problem }) => problem ?? usedBy.join(', ') },
];

interface ListOptions {
  readonly output: DataFormat | 'name' | undefined;
  readonly headless: boolean;
}

export async function listVerb(
  context: CliContext,
  { imagesDir, vmsDir }: ImagePlaces,
  { output, headless }: ListOptions,
): Promise<void> {
  const items = await told(context, async () => {
    const users = await readUsers(vmsDir, imagesDir);
    const files = await listImages(imagesDir, users);
    return await Promise.all(files.map((file) => describeImage(imagesDir, file, users)));
  });
  if (output === 'name') {
    await writeOut(context, items.map(({ file }) => `${file}\n`).join(''));
  } else if (isDataFormat(output)) {
    const list = { apiVersion: 'solovirt.io/v1', kind: 'ImageList', directory: imagesDir, items };
    await writeOut(context, await renderData(list, output));
  } else if (items.length === 0) {
    context.stderr.write(`There are no images in ${imagesDir}.\n`);
  } else {
    const display = { ...PLAIN, columns: context.columns?.() };
    await writeOut(context, renderTable(COLUMNS, items, context.now(), { display, headless }));
  }
}

export async function infoVerb(
  context: CliContext,
  { imagesDir, vmsDir }: ImagePlaces,
  name: string,
  output: DataFormat | undefined,
): Promise<void> {
  const entry = await told(context, async () => {
    const users = await readUsers(vmsDir, imagesDir);
    const file = findImage(name, await listImages(imagesDir, users));
    return await describeImage(imagesDir, file, users);
  });
  if (output !== undefined) return await writeOut(context, await renderData(entry, output));
  const { file, format = '-', virtualBytes, realBytes, usedBy, digest, problem } = entry;
  const facts = renderFacts([
    ['File', `${imagesDir}/${file}`],
    ['Format', format],
    ['Size', bytes(virtualBytes) || '-'],
    ['On disk', bytes(realBytes)],
    ['Used by', usedBy.join(', ') || '-'],
    ['Pulled', digest ?? 'no, it was put there'],
    ...(problem === undefined ? [] : [['Problem', problem] as const]),
  ]);
  await writeOut(context, facts);
}

export async function pullVerb(context: CliContext, request: PullRequest): Promise<void> {
  const { reference } = request;
  // As the daemon pulls it.
  const insecure = request.insecure || isOnLoopback(reference);
  const { file, fetched } = await told(context, async () => {
    using progress = new ProgressLine(context, `pulling ${reference}`);
    return await pullImage({ ...request, insecure }, progress);
  });
  await say(context, `${reference} is ${fetched ? '' : 'there already, '}at ${file}`);
}

export async function importVerb(
  context: CliContext,
  { imagesDir }: ImagePlaces,
  from: string,
  name: string | undefined,
): Promise<void> {
  const { file, reference } = await told(context, async () => {
    using progress = new ProgressLine(context, `copying ${from}`);
    const request = { file: from, imagesDir, ...(name === undefined ? {} : { reference: name }) };
    return await importImage(request, progress);
  });
  await say(context, `${reference} is at ${file}`);
}

/** All are tried, one after the other: the last of a name may stand on the one before. */
export async function removeVerb(
  context: CliContext,
  { imagesDir, vmsDir, stateDir }: ImagePlaces,
  names: readonly string[],
): Promise<void> {
  let anyFailed = false;
  for (const name of names) {
    try {
      const removed = await told(context, async () => {
        const users = await readUsers(vmsDir, imagesDir, stateDir);
        const file = findImage(name, await listImages(imagesDir, users));
        await removeImage(imagesDir, file, users);
        return file;
      });
      await say(context, `${removed} is removed`);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      printError(context, error);
      anyFailed = true;
    }
  }
  if (anyFailed) throw new ReportedError();
}

interface PruneOptions {
  readonly all: boolean;
  readonly dryRun: boolean;
}

export async function pruneVerb(
  context: CliContext,
  { imagesDir, vmsDir, stateDir }: ImagePlaces,
  options: PruneOptions,
): Promise<void> {
  const pruned = await told(context, async () => {
    const users = await readUsers(vmsDir, imagesDir, stateDir);
    const { signal } = context;
    return await pruneImages({ imagesDir, users, signal, now: context.now(), ...options });
  });
  const would = options.dryRun ? 'would be ' : '';
  for (const { file, bytes: size, leftover } of pruned) {
    const what = leftover === undefined ? '' : ', left over';
    await say(context, `${file} ${options.dryRun ? would : 'is '}removed (${bytes(size)}${what})`);
  }
  const total = pruned.reduce((sum, { bytes: size }) => sum + size, 0);
  await say(context, `${bytes(total)} ${options.dryRun ? would : 'are '}freed`);
}

function say(context: CliContext, words: string): Promise<void> {
  return writeOut(context, `${singleLine(words)}\n`);
}

/** @throws CliError in place of an ImageError, InterruptedError after Ctrl-C */
async function told<T>(context: CliContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (context.signal.aborted)
      throw new InterruptedError('interrupted: nothing was put into the image directory', {
        cause,
      });
    if (cause instanceof ImageError) throw new CliError(cause.message, { hint: cause.hint, cause });
    throw cause;
  }
}
