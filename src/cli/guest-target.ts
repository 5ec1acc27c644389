/** What the verbs that lead into a guest are handed, and how a refusal to let them in is told. */
import type { Client } from '../client/client.ts';
import { type ClientLine, openLine } from '../client/line.ts';
import type { VmIdentity } from '../core/model/virtual-machine.ts';
import type { CliContext, ProcessEnds } from './context.ts';
import { ApiError } from './errors.ts';
import { explainRefusal } from './explain-refusal.ts';

export interface GuestTarget {
  readonly context: CliContext;
  readonly client: Client;
  readonly socketPath: string;
  readonly vm: VmIdentity;
  readonly ends: ProcessEnds;
}

/** @throws ApiError with a hint, and what `openLine` throws */
export async function enter(target: GuestTarget, path: string): Promise<ClientLine> {
  const { context, socketPath } = target;
  try {
    return await openLine(context, socketPath, path);
  } catch (error) {
    throw await explained(target, error);
  }
}

/** The error with what to do about it. */
export async function explained({ client, vm }: GuestTarget, error: unknown): Promise<unknown> {
  if (!(error instanceof ApiError)) return error;
  try {
    return await explainRefusal(client, vm, 'reach', error);
  } catch (unknown) {
    return unknown;
  }
}
