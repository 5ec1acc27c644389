/** `solovirt image-upload`: the image of a disk becomes that of a claim. */
import { stat } from 'node:fs/promises';
import type { Client } from '../../client/client.ts';
import { uploadFile } from '../../client/upload.ts';
import type { VmIdentity } from '../../core/model/virtual-machine.ts';
import { type CliContext, writeOut } from '../context.ts';
import { UsageError } from '../errors.ts';
import { bytes } from '../format/usage-columns.ts';
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

const REDRAW_MS = 200;
/** Back to the first column, and clear the line (ECMA-48, CR and EL). */
const CLEAR = '\r\u001b[K';

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
  const draw = progress(context, length);
  try {
    const sent = { file: imagePath, length, onBytes: draw };
    const answer: unknown = JSON.parse(
      await uploadFile(context, socketPath, `${path}?${query}`, sent),
    );
    draw(undefined);
    await writeOut(context, `${displayName(claim)} has its disk${placeOf(answer)}\n`);
  } finally {
    draw(undefined);
  }
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

/** On a terminal. @returns draws how much was sent; undefined takes the line away */
function progress(context: CliContext, length: number): (sent: number | undefined) => void {
  let drawnAt = Number.NEGATIVE_INFINITY;
  return (sent) => {
    if (!context.isTTY) return;
    if (sent === undefined) {
      if (drawnAt > 0) context.stderr.write(CLEAR);
      drawnAt = Number.NEGATIVE_INFINITY;
      return;
    }
    const now = performance.now();
    const isAll = sent === length;
    if (!isAll && now - drawnAt < REDRAW_MS) return;
    drawnAt = now;
    const words = isAll ? 'the daemon makes the disk' : `sent ${bytes(sent)} of ${bytes(length)}`;
    context.stderr.write(`${CLEAR}${words}`);
  };
}
