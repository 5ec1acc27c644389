/** `solovirt image-upload`: the image of a disk becomes that of a claim. */
import { stat } from 'node:fs/promises';
import type { Client } from '../../client/client.ts';
import { uploadFile } from '../../client/upload.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import { ProgressLine } from '../byte-progress.ts';
import { type CliContext, writeOut } from '../context.ts';
import { UsageError } from '../errors.ts';
import { displayName } from '../names.ts';

export interface UploadOptions {
  readonly imagePath: string;
  /** In bytes. */
  readonly size?: number;
}

interface Target {
  readonly context: CliContext;
  readonly client: Client;
  readonly socketPath: string;
  readonly claim: VmIdentity;
}

export async function imageUpload(
  { context, client, socketPath, claim }: Target,
  { imagePath, size }: UploadOptions,
): Promise<void> {
  const length = await lengthOf(imagePath);
  const { namespace, name } = claim;
  const query = size === undefined ? '' : `size=${size}&`;
  const path = `/apis/solovirt.io/v1/namespaces/${encodeURIComponent(namespace)}/uploads/${encodeURIComponent(name)}`;
  // Asked before, so that nothing is sent in vain.
  await client.change({ method: 'PUT', path: `${path}?${query}dryRun=All` });
  const sent = await send(context, socketPath, `${path}?${query}`, { imagePath, length });
  await writeOut(context, `${displayName(claim)} has its disk${placeOf(JSON.parse(sent))}\n`);
}

async function send(
  context: CliContext,
  socketPath: string,
  path: string,
  { imagePath: file, length }: { readonly imagePath: string; readonly length: number },
): Promise<string> {
  using progress = new ProgressLine(context, `sending ${file}`);
  const onBytes = (count: number): void => progress.onBytes(count, length);
  return await uploadFile(context, socketPath, path, { file, length, onBytes });
}

function placeOf(answer: unknown): string {
  const path = typeof answer === 'object' && answer !== null && 'path' in answer && answer.path;
  return typeof path === 'string' ? ` at ${path}` : '';
}

/** @throws UsageError */
async function lengthOf(file: string): Promise<number> {
  const found = await stat(file).catch((cause: unknown) => {
    throw new UsageError(`${file} does not exist, or cannot be looked at`, { cause });
  });
  if (!found.isFile()) throw new UsageError(`${file} is not a file`);
  if (found.size === 0) throw new UsageError(`${file} is empty`);
  return found.size;
}
